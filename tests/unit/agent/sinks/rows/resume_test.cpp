#include "agent/sinks/rows/resume.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;

TEST_CASE("what the ledger says decides where to go on") {
    struct Case {
        const char* name;
        Belief belief;
        std::optional<LedgerRow> row;
        Resume what;
        std::uint64_t position;
    };
    const Belief started{.cursor = 100, .reach = 150, .begin = 10, .numbered = true, .fresh = false};
    Belief never_numbered = started;
    never_numbered.numbered = false;
    Belief fresh = started;
    fresh.fresh = true;
    const Case cases[] = {
        {"never stored anything", never_numbered, std::nullopt, Resume::begin, 10},
        {"the row is missing", started, std::nullopt, Resume::look, 0},
        {"where we are", started, LedgerRow{1, 100, 90}, Resume::go_on, 100},
        {"ahead, within what we can have stored", started, LedgerRow{1, 150, 90}, Resume::go_on, 150},
        {"beyond what we can have stored", started, LedgerRow{1, 151, 90}, Resume::foreign, 0},
        {"behind", started, LedgerRow{1, 99, 90}, Resume::look, 0},
        {"behind, but our cursor was lost", fresh, LedgerRow{1, 99, 90}, Resume::go_on, 99},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        const Plan plan = compare(one.belief, one.row);
        CHECK(plan.what == one.what);
        CHECK(plan.position == one.position);
    }
}

TEST_CASE("when the ledger cannot be right, the other tables decide") {
    const Belief belief{.cursor = 100, .reach = 150, .begin = 10, .numbered = true, .fresh = false};
    CHECK(compare(belief, Stored{0, 0}).what == Resume::begin);
    CHECK(compare(belief, Stored{0, 0}).position == 10);
    const Plan back = compare(belief, Stored{80, 70});
    CHECK(back.what == Resume::go_on);
    CHECK(back.position == 80);
    CHECK(back.accepted == 70);
    CHECK(compare(belief, Stored{150, 140}).what == Resume::go_on);
    CHECK(compare(belief, Stored{151, 140}).what == Resume::foreign);
}
