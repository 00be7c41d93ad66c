#include "agent/fold/app_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::AppTable;

TEST_CASE("each service, env and version is one app, seen last when it was") {
    AppTable apps;
    apps.see("shop", "prod", "1", 10);
    apps.see("shop", "prod", "2", 20);
    apps.see("shop", "prod", "1", 30);
    REQUIRE(apps.all().size() == 2);
    CHECK(apps.all()[0].last_us == 30);
    CHECK(apps.all()[1].version == "2");
}

TEST_CASE("the hundred and first app is shown once another has not been seen for an hour") {
    AppTable apps;
    for (int n = 0; n < 100; ++n) apps.see("shop", "prod", std::to_string(n), n);
    apps.see("shop", "prod", "late", 1'000);
    CHECK(apps.all().size() == 100);
    apps.see("shop", "prod", "late", test::hour_us);
    CHECK(apps.all().size() == 100);
    CHECK(std::ranges::find(apps.all(), "late", &fold::AppInfo::version) != apps.all().end());
    CHECK(std::ranges::find(apps.all(), "0", &fold::AppInfo::version) == apps.all().end());
}

TEST_CASE("a snapshot shows the apps of the last hour") {
    test::Entries entries;
    entries.request({}, entries.emitter(1, "old"), 1);
    entries.now_us += 10 * test::second_us;
    entries.request({}, entries.emitter(2, "new"), 1);
    fold::Fold fold({});
    test::apply(fold, entries.all());
    const auto apps = fold.snapshot(entries.now_us - 10 * test::second_us + test::hour_us, false).apps;
    REQUIRE(apps.size() == 1);
    CHECK(apps[0].service == "new");
}
