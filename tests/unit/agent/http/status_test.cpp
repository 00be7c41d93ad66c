#include "agent/http/status.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

using namespace outrigger;

namespace {

nlohmann::json status_of(const http::StatusFacts& facts) { return nlohmann::json::parse(http::to_json(facts)); }

std::set<std::string> keys_of(const nlohmann::json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
}

}  // namespace

TEST_CASE("the status has the keys that scripts rely on, and all four sinks") {
    http::StatusFacts facts;
    facts.version = "1.2.3";
    facts.settings = {{"postgres", "password=***", "variable OUTRIGGER_POSTGRES"}};
    for (const char* sink : {"metrics", "statsd", "traces", "rows"}) facts.sinks.emplace_back().sink = sink;
    facts.sinks[3].on = true;
    facts.sinks[3].cursor.delivered = 5;
    facts.sinks[3].cursor.dropped[0] = 2;
    facts.sinks[3].balance = {8, 1, 0};
    facts.sinks[3].health = {true, "was away", 0, 0};
    facts.sinks[3].lag_seconds = 1.5;
    facts.turned_away = {{"http", "full", 3}, {"http", "slow", 0}, {"socket", "full", 4}};
    const auto status = status_of(facts);
    for (const char* key : {"version", "settings", "emitters", "journal", "sinks"}) CHECK(status.contains(key));
    CHECK(status.at("version") == "1.2.3");
    CHECK(status.at("settings").at(0).at("source") == "variable OUTRIGGER_POSTGRES");
    CHECK(keys_of(status.at("sinks")) == std::set<std::string>{"metrics", "statsd", "traces", "rows"});
    for (const auto& [name, sink] : status.at("sinks").items()) {
        CAPTURE(name);
        for (const char* key : {"on", "up", "accepted", "delivered", "dropped", "pending", "lag_seconds", "last_error"})
            CHECK(sink.contains(key));
    }
    const auto& rows = status.at("sinks").at("rows");
    CHECK(rows.at("on") == true);
    CHECK(rows.at("up") == true);
    CHECK(rows.at("accepted") == 8);
    CHECK(rows.at("delivered") == 5);
    CHECK(rows.at("dropped") == 2);
    CHECK(rows.at("pending") == 1);
    CHECK(rows.at("lag_seconds") == 1.5);
    CHECK(rows.at("last_error") == "was away");
    CHECK(status.at("sinks").at("statsd").at("on") == false);
    CHECK(status.at("sinks").at("statsd").at("last_error").is_null());
    CHECK(status.at("turned_away").at("http").at("full") == 3);
    CHECK(status.at("turned_away").at("socket").at("full") == 4);
}

TEST_CASE("a status is JSON whatever bytes a name brings") {
    http::StatusFacts facts;
    facts.offenders = {{"\xff\"\n", 1, "\xc3"}};
    CHECK(status_of(facts).at("series").at("offenders").at(0).at("events") == 1);
}
