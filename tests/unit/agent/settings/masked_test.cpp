#include "agent/settings/masked.h"

#include <doctest/doctest.h>

using namespace outrigger::settings;

TEST_CASE("a conninfo or URI is shown by its parts, without its password") {
    struct Row {
        const char* text;
        const char* shown;
    };
    for (const auto& [text, shown] : {
             Row{"postgresql://shop:hunter2@db:5432/orders", "user=shop password=*** host=db port=5432 dbname=orders"},
             Row{"postgres://shop@db/orders", "user=shop host=db dbname=orders"},
             Row{"postgresql://", "what PG* variables say"},
             Row{"postgresql://h1:1,h2:2/d?sslmode=require", "dbname=d host=h1,h2 port=1,2 sslmode=require"},
             Row{"postgresql:///d?host=/run/postgresql", "dbname=d host=/run/postgresql"},
             Row{"postgresql://shop%40server:hunter2@[::1]/d", "user=shop@server password=*** host=::1 dbname=d"},
             Row{"host=db password=hunter2", "password=*** host=db"},
             Row{"host=db sslpassword=hunter2 sslkey=/k", "host=db sslkey=/k sslpassword=***"},
             Row{"host=db password='hun ter2' dbname='a b'", "password=*** dbname='a b' host=db"},
             Row{"host=@abstract user=a:b", "user=*** host=@abstract"},
             Row{"dbname=d passfile=/etc/pgpass", "passfile=/etc/pgpass dbname=d"},
             Row{"host=db options='-c search_path=x'", "host=db options='-c search_path=x'"},
             Row{"host=db options='-c app.password=hunter2'", "host=db options=***"},
             Row{"host=db application_name='a;Pwd=hunter2'", "host=db application_name=***"},
         }) {
        CAPTURE(std::string(text));
        CHECK(is_postgres(text));
        // libpq decides the order of the parts: compare them as sets of words.
        const std::string masked = mask_postgres(text);
        CHECK(masked.size() == std::string_view(shown).size());
        std::string_view rest = shown;
        for (const char* part :
             {"user=", "password=", "host=", "port=", "dbname=", "sslmode=", "options=", "passfile="}) {
            const auto at = rest.find(part);
            if (at == rest.npos || (at > 0 && rest[at - 1] != ' ')) continue;
            CHECK(masked.contains(rest.substr(at, rest.find(' ', at) - at)));
        }
        CHECK_FALSE(masked.contains("hunter2"));
        CHECK_FALSE(masked.contains("ter2"));
    }
}

TEST_CASE("what libpq would read otherwise than it was meant is refused, and nothing of it shown") {
    for (const char* text : {
             "",
             "hunter2",
             "hunter2 host=db",
             "host=db password=hun ter2",
             "host=db password='hunter2",
             "host=db pasword=hunter2",
             "host=db,password=hunter2",
             "host=db;password=hunter2",
             "Host=db;Password=hunter2",
             "port=5432;password=hunter2",
             "dbname=d;password=hunter2",
             "user=u;password=hunter2 host=db",
             "dbname=postgresql://u:hunter2@db/d",
             "user=postgresql://u:hunter2 host=db",
             "postgresql://u:hun@ter2@db/d",
             "postgresql://u:hun/ter2@db/d",
             "postgresql://u:12/hunter2@db/d",
             "postgresql://u:hunter2",
             "postgresql://u:hun?t/er2@db/d",
             "postgresql://u:hunter2%zz@db/d",
             "postgresql://u:hunter2%00@db/d",
             "postgresql://u:p@db:hunter2/d",
             "postgresql://db/d?password=hun@ter2",
             "postgresql://db/d?pasword=hunter2",
             "postgresql://[::1:hunter2/d",
             "postgresql://db/password%3Dhunter2",
             "postgres:u:hunter2@db/d",
             "mysql://u:hunter2@db/d",
         }) {
        CAPTURE(std::string(text));
        CHECK_FALSE(is_postgres(text));
        CHECK(mask_postgres(text) == "***");
    }
    CHECK_FALSE(is_postgres(std::string_view("host=db\0password=hunter2", 24)));
}

TEST_CASE("a password is hidden however it is written in a URI") {
    for (const char* text : {"postgresql://u:s3cr3t@db/d", "postgresql://u:%73%33%63%72%33%74@db/d",
                             "postgresql://u:%40s3cr3t%2F@db/d", "postgresql://u:s3cr3t:s3cr3t@db/d",
                             "postgresql://:s3cr3t@db", "postgresql://u:?s3cr3t@db", "postgresql://u:#s3cr3t@db",
                             "postgresql://db/d?user=u&password=s3cr3t", "postgresql://db/d?p%61ssword=s3cr3t",
                             "postgresql://db?sslpassword=s3cr3t", "postgresql://u:s3cr3t@db/d?password=s3cr3t"}) {
        CAPTURE(std::string(text));
        const auto masked = mask_postgres(text);
        CHECK_FALSE(masked.contains("s3cr3t"));
        CHECK_FALSE(masked.contains("%73"));
        CHECK(masked.contains("***"));
    }
}

TEST_CASE("mistyped text is shown on one short line, unless a password may be in it") {
    CHECK(mask_text("otle") == "otle");
    CHECK(mask_text("two\nlines\x1b[2J") == "two?lines?[2J");
    CHECK(mask_text("http://u:hunter2@h:8126") == "***");
    CHECK(mask_text("http://h:8126?api_key=hunter2") == "***");
    CHECK(mask_text("Password=hunter2") == "***");
    CHECK(mask_text(std::string(200, 'x')) == std::string(200, 'x'));
    CHECK(mask_text(std::string(201, 'x')) == std::string(200, 'x') + "...");
}
