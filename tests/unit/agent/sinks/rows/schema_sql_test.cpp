#include "agent/sinks/rows/schema_sql.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace outrigger::rows {
namespace {

// From BEGIN to COMMIT, a blank for each stretch of white space.
std::string transaction(const std::string& text) {
    std::istringstream in(text.substr(text.find("BEGIN;")));
    std::string out;
    for (std::string word; in >> word;) {
        out += (out.empty() ? "" : " ") + word;
        if (word == "COMMIT;") break;
    }
    return out;
}

}  // namespace

TEST_CASE("the compose stack's tables are what the agent asks an administrator to run") {
    std::ifstream file("compose/postgres/initdb/20-tables.sql");
    REQUIRE(file);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(transaction(text) == transaction(administrator_sql("public", "outrigger")));
}

}  // namespace outrigger::rows
