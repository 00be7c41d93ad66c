#include "agent/http/status.h"

#include <nlohmann/json.hpp>

namespace outrigger::http {

namespace {

using Json = nlohmann::ordered_json;

Json nullable(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json sink(const books::Page& page) {
    Json dropped = Json::object();
    for (std::size_t i = 0; i < page.cursor.dropped.size(); ++i)
        if (page.cursor.dropped[i] > 0)
            dropped[std::string(books::to_string(static_cast<books::SinkDrop>(i)))] = page.cursor.dropped[i];
    return {{"on", page.on},
            {"up", page.on && page.health.up},
            {"accepted", page.balance.accepted},
            {"delivered", page.cursor.delivered},
            {"rewound", page.cursor.rewound},
            {"dropped", page.cursor.dropped_total()},
            {"dropped_by_reason", dropped},
            {"pending", page.balance.pending},
            {"difference", page.balance.difference},
            {"position", page.cursor.position},
            {"lag_seconds", page.lag_seconds},
            {"last_error", nullable(page.health.last_error)}};
}

}  // namespace

std::string to_json(const StatusFacts& facts) {
    Json settings = Json::array();
    for (const auto& setting : facts.settings)
        settings.push_back({{"name", setting.name}, {"value", setting.value}, {"source", setting.source}});
    Json offenders = Json::array();
    for (const auto& one : facts.offenders)
        offenders.push_back({{"name", one.name}, {"events", one.events}, {"example", one.example}});
    Json sinks = Json::object();
    for (const auto& page : facts.sinks) sinks[page.sink] = sink(page);
    Json turned_away = Json::object();
    for (const auto& each : facts.turned_away) turned_away[each.door][each.reason] = each.count;
    const Json status{
        {"version", facts.version},
        {"emitters",
         {{"connected", facts.emitters}, {"known", facts.emitters_known}, {"connections", facts.connections}}},
        {"turned_away", turned_away},
        {"series", {{"count", facts.series}, {"most", facts.max_series}, {"offenders", offenders}}},
        {"journal",
         {{"durable", facts.journal_durable},
          {"problem", nullable(facts.journal_problem)},
          {"bytes", facts.journal_bytes},
          {"segments", facts.journal_segments},
          {"position", facts.journal_position},
          {"oldest_position", facts.journal_oldest}}},
        {"sinks", sinks},
        {"settings", settings},
    };
    // Text from clients is UTF-8 by now; replaced rather than thrown at if it is not.
    return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace outrigger::http
