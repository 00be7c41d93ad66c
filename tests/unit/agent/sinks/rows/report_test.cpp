#include "agent/sinks/rows/report.h"

#include <doctest/doctest.h>

#include <vector>

using namespace outrigger;
using namespace outrigger::rows;

namespace {

struct Heard {
    books::Tally tally;
    std::vector<std::string> lines;
    Report report{tally, [this](const std::string& line) { lines.push_back(line); }};
};

}  // namespace

TEST_CASE("each change of state is one line, however often it is tried meanwhile") {
    Heard heard;
    const DatabaseError lost{Trouble::connection, "", "refused"};
    const DatabaseError full{Trouble::resource, "53100", "disk full"};
    heard.report.down(lost, "", 5);
    heard.report.down(full, "", 9);
    CHECK_FALSE(heard.tally.health().up);
    CHECK(heard.tally.health().last_error == "disk full (53100)");
    CHECK(heard.tally.health().oldest_pending_us == 5);
    heard.report.progress(70, 60);
    heard.report.up();
    heard.report.up();
    CHECK(heard.tally.health().up);
    CHECK(heard.tally.health().progress_us == 70);
    CHECK(heard.tally.health().oldest_pending_us == 60);
    CHECK(heard.lines == std::vector<std::string>{"rows: down: refused", "rows: up again"});
}

TEST_CASE("what an administrator would have to run is said once, in the same line if that is news too") {
    Heard heard;
    const DatabaseError lost{Trouble::connection, "", "refused"};
    const DatabaseError denied{Trouble::hold, "42501", "denied", {}, true};
    heard.report.down(denied, "GRANT ALL", 0);
    heard.report.down(denied, "GRANT ALL", 0);
    heard.report.up();
    heard.report.down(lost, "GRANT ALL", 0);
    heard.report.down(denied, "GRANT ALL", 0);
    heard.report.down(denied, "GRANT ALL", 0);
    CHECK(heard.lines == std::vector<std::string>{"rows: down: denied (42501); please run: GRANT ALL", "rows: up again",
                                                  "rows: down: refused",
                                                  "rows: denied (42501); please run: GRANT ALL"});
    CHECK(heard.tally.health().last_error == "denied (42501)");
}

TEST_CASE(
    "what waits for somebody to do something is said once of each outage, also when that was not its first cause") {
    Heard heard;
    const DatabaseError lost{Trouble::connection, "", "terminated"};
    const DatabaseError refused{Trouble::hold, "28000", "not permitted to log in"};
    heard.report.down(lost, "", 0);
    heard.report.down(refused, "", 0);
    heard.report.down(lost, "", 0);
    heard.report.down(refused, "", 0);
    heard.report.up();
    heard.report.down(refused, "", 0);
    heard.report.down(refused, "", 0);
    CHECK(heard.lines == std::vector<std::string>{"rows: down: terminated", "rows: not permitted to log in (28000)",
                                                  "rows: up again", "rows: down: not permitted to log in (28000)"});
}

TEST_CASE("a retention that fails is said once for each cause, and again after it worked") {
    Heard heard;
    const DatabaseError locked{Trouble::resource, "55P03", "locked"};
    heard.report.not_expired(locked, "");
    heard.report.not_expired(locked, "");
    heard.report.expired();
    heard.report.not_expired(locked, "");
    CHECK(heard.lines == std::vector<std::string>{"rows: retention: locked", "rows: retention: locked"});
}
