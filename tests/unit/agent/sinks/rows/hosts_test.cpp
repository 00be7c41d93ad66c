#include "agent/sinks/rows/hosts.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;

TEST_CASE("hosts, addresses and ports are taken apart as libpq counts them") {
    const auto alone = hosts_of({{"port", "5432"}});
    CHECK(alone.apart);
    CHECK(alone.hosts == std::vector<Host>{{"", "", "5432"}});
    CHECK(alone.hosts[0].is_socket());
    const auto several = hosts_of({{"host", "/run/postgresql,db.example,@abstract"}, {"port", "5432,6432,7432"}});
    CHECK(several.apart);
    CHECK(several.hosts ==
          std::vector<Host>{{"/run/postgresql", "", "5432"}, {"db.example", "", "6432"}, {"@abstract", "", "7432"}});
    const auto addressed = hosts_of({{"host", "a,b"}, {"hostaddr", "10.0.0.1,::1"}, {"port", "5432"}});
    CHECK(addressed.apart);
    CHECK(addressed.hosts == std::vector<Host>{{"a", "10.0.0.1", "5432"}, {"b", "::1", "5432"}});
    CHECK(hosts_of({{"hostaddr", "10.0.0.1,10.0.0.2"}, {"port", "1"}}).hosts ==
          std::vector<Host>{{"", "10.0.0.1", "1"}, {"", "10.0.0.2", "1"}});
}

TEST_CASE("lists that do not fit, or leave something out, are left to libpq") {
    for (const Options& options : {Options{{"host", "a,b"}, {"port", "1,2,3"}}, Options{{"host", "a"}, {"port", "1,2"}},
                                   Options{{"host", "a"}, {"hostaddr", "10.0.0.1,10.0.0.2"}, {"port", "1"}},
                                   Options{{"host", "a,,b"}, {"port", "1"}}, Options{{"host", ",b"}, {"port", "1"}},
                                   Options{{"host", "/run,b"}, {"hostaddr", ",10.0.0.1"}, {"port", "1"}}}) {
        CAPTURE(options.at("host"));
        CHECK_FALSE(hosts_of(options).apart);
    }
}

TEST_CASE("who would rather have a standby asks all hosts for one first") {
    CHECK(passes_of("prefer-standby") == std::vector<std::string>{"standby", "any"});
    CHECK(passes_of("read-write") == std::vector<std::string>{"read-write"});
    CHECK(passes_of("") == std::vector<std::string>{""});
}

TEST_CASE("what leaves this machine is not proven to be encrypted, and for the right server, but by verify-full") {
    CHECK_FALSE(unproven_host({}));
    CHECK_FALSE(unproven_host({{"host", "/run/postgresql"}}));
    CHECK_FALSE(unproven_host({{"host", "localhost"}, {"sslmode", "prefer"}}));
    CHECK_FALSE(unproven_host({{"host", "127.0.0.3,::1"}}));
    CHECK_FALSE(unproven_host({{"host", "db.example"}, {"hostaddr", "127.0.0.1"}}));
    CHECK_FALSE(unproven_host({{"host", "db.example"}, {"sslmode", "verify-full"}}));
    CHECK_FALSE(unproven_host({{"host", "db.example"}, {"sslmode", "disable"}, {"gssencmode", "require"}}));
    CHECK(unproven_host({{"host", "db.example"}}) == "db.example");
    CHECK(unproven_host({{"host", "/run/postgresql,10.0.0.1"}, {"sslmode", "verify-ca"}}) == "10.0.0.1");
    CHECK(unproven_host({{"host", "localhost"}, {"hostaddr", "10.0.0.1"}, {"sslmode", "require"}}) == "10.0.0.1");
}
