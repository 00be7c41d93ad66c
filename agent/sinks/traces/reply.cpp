#include "agent/sinks/traces/reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace outrigger::traces {

Verdict verdict_of(int status) {
    if (status >= 200 && status < 300) return Verdict::accepted;
    if (status == 413) return Verdict::too_large;
    if (status == 400 || status == 415) return Verdict::refused;
    return Verdict::retry;
}

std::optional<RateTable> parse_rates(std::string_view body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto rates = json.find("rate_by_service");
    if (rates == json.end() || !rates->is_object() || rates->empty()) return std::nullopt;
    RateTable table;
    for (const auto& [key, rate] : rates->items())
        if (rate.is_number()) table.emplace(key, rate.get<double>());
    return table;
}

std::string describe(const Reply& reply) {
    constexpr std::size_t most = 200;
    std::string text = std::to_string(reply.status) + " " + reply.body.substr(0, most);
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace outrigger::traces
