#include "agent/settings/config_file.h"

#include <doctest/doctest.h>

using namespace outrigger::settings;

TEST_CASE("a value comes out as a flag would be given it") {
    struct Row {
        const char* text;
        const char* value;
    };
    for (const auto& [text, value] : {
             Row{"key = \"text\"", "text"},
             Row{"key=\"text\"# comment", "text"},
             Row{"  key\t=  'text'  ", "text"},
             Row{"key = \"a # and, a ' in it\"", "a # and, a ' in it"},
             Row{"key = 'C:\\x \"y\"'", "C:\\x \"y\""},
             Row{R"(key = "\"\\\b\t\n\f\r")", "\"\\\b\t\n\f\r"},
             Row{R"(key = "\u0041\u00e9\u20ac\U0001F600")", "Aé€😀"},
             Row{"key = \"\"", ""},
             Row{"key = ''", ""},
             Row{"key = 10000", "10000"},
             Row{"key = 10_000", "10000"},
             Row{"key = +7", "7"},
             Row{"key = -7", "-7"},
             Row{"key = 0.005", "0.005"},
             Row{"key = 2.5e1", "2.5e1"},
             Row{"key = true", "true"},
             Row{"key = [0.1, 0.5]", "0.1,0.5"},
             Row{"key = [ 'a', \"b,c\" , ]", "a,b,c"},
             Row{"key = [\n  1, # one\n\n  2\n]  # both", "1,2"},
             Row{"key = []", ""},
             Row{"\"key\" = 1", "1"},
             Row{"'key' = 1", "1"},
             Row{"\xEF\xBB\xBFkey = 1\r\n", "1"},
             Row{"\n# only this\n\nkey = 1\n\n# end", "1"},
         }) {
        CAPTURE(std::string(text));
        const auto entries = parse_config(text);
        REQUIRE(entries);
        REQUIRE(entries->size() == 1);
        CHECK(entries->front().key == "key");
        CHECK(entries->front().value == value);
    }
}

TEST_CASE("each entry knows its line") {
    const auto entries = parse_config("# first\none = 1\nlist = [\n1,\n2]\nlast = 'x'");
    REQUIRE(entries);
    REQUIRE(entries->size() == 3);
    CHECK(entries->at(0).line == 2);
    CHECK(entries->at(1).line == 3);
    CHECK(entries->at(2).line == 6);
    CHECK(parse_config("")->empty());
    CHECK(parse_config("\n \t\r\n#x")->empty());
}

TEST_CASE("what is not understood is refused with its line, and no value is quoted") {
    struct Row {
        const char* text;
        std::size_t line;
    };
    for (const auto& [text, line] : {
             Row{"key", 1},
             Row{"key\n= 1", 1},
             Row{"\n= 'hunter2'", 2},
             Row{"key = ", 1},
             Row{"key = hunter2", 1},
             Row{"key = 1hunter2", 1},
             Row{"key = 'hunter2", 1},
             Row{"key = \"hunter2", 1},
             Row{"key = \"hunter2\n\"", 1},
             Row{"key = \"hunter2\\", 1},
             Row{"key = \"hunter2\\q\"", 1},
             Row{"key = \"hunter2\\u12\"", 1},
             Row{"key = \"hunter2\\ud800\"", 1},
             Row{"key = \"hunter2\\u0000\"", 1},
             Row{"key = \"\"\"hunter2\"\"\"", 1},
             Row{"key = '''hunter2'''", 1},
             Row{"key = 'hunter2' 'x'", 1},
             Row{"key = 'hunter2' x = 1", 1},
             Row{"key = ['hunter2'", 1},
             Row{"key = ['hunter2' 'x']", 1},
             Row{"key = [['hunter2']]", 1},
             Row{"key = {a = 'hunter2'}", 1},
             Row{"a.b = 'hunter2'", 1},
             Row{"[table]\nkey = 'hunter2'", 1},
             Row{"a = 1\n\nkey = 1979-05-27", 3},
             Row{"key = 12:00", 1},
             Row{"key = inf", 1},
             Row{"key = 1\nkey = 'hunter2'", 2},
         }) {
        CAPTURE(std::string(text));
        const auto entries = parse_config(text);
        REQUIRE_FALSE(entries);
        CHECK(entries.error().line == line);
        CHECK_FALSE(entries.error().what.empty());
        CHECK_FALSE(entries.error().what.contains("hunter"));
    }
}

TEST_CASE("an error is one line, whatever a key holds") {
    for (const char* text :
         {"'a\rb' = 1 2", "\"a\\nb\" = 1 2", "\"a\\nb\" = 1\n\"a\\nb\" = 1", "\"a\\u001bb\" = 'x' y"}) {
        CAPTURE(std::string(text));
        const auto entries = parse_config(text);
        REQUIRE_FALSE(entries);
        CHECK(entries.error().what.contains("'a?b'"));
    }
}
