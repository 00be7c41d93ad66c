#include "agent/sinks/rows/event_json.h"

#include <nlohmann/json.hpp>

namespace outrigger::rows {

namespace {

std::string to_hex(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string first_of(std::string_view own, std::string_view fallback) {
    return std::string(own.empty() ? fallback : own);
}

nlohmann::json to_json(const journal::Entry& entry, const RequestView& view, const RowContext& context) {
    static const Identity nobody;
    const Identity& who = entry.identity == nullptr ? nobody : *entry.identity;
    nlohmann::json json = {{"start_us", start_of(entry.envelope, view)},
                           {"endpoint", view.path},
                           {"status_code", view.status},
                           {"service", first_of(who.service, context.service)},
                           {"env", first_of(who.env, context.env)},
                           {"version", first_of(who.version, context.version)},
                           {"method", view.method},
                           {"route", view.route},
                           {"duration_us", view.duration_us}};
    if (view.client != nullptr) json["source_ip"] = to_hex({view.client, 16});
    if (!who.host.empty()) json["host"] = who.host;
    if (!view.message.empty()) json["message"] = view.message;
    if (view.request_bytes) json["request_bytes"] = *view.request_bytes;
    if (view.response_bytes) json["response_bytes"] = *view.response_bytes;
    if (view.trace_id != TraceId{}) json["trace_id"] = to_hex(view.trace_id);
    if (view.span_id != 0) json["span_id"] = static_cast<std::int64_t>(view.span_id);
    if (!view.error.empty())
        json["error"] = {{"type", view.error.type}, {"message", view.error.message}, {"stack", view.error.stack}};
    for (const Tag tag : view.tags) json["tags"][std::string(tag.key)] = tag.value;
    return json;
}

}  // namespace

std::string to_base64(Bytes bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t three = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        for (std::size_t i = 0; i < 3; ++i)
            three = three << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
        for (std::size_t i = 0; i < 4; ++i) text += i > count ? '=' : digits[three >> (18 - 6 * i) & 63];
    }
    return text;
}

LostEvent describe(const journal::Entry& entry, const RowContext& context) {
    LostEvent event{"{}", to_base64(entry.payload)};
    if (const auto view = RequestView::parse(entry.payload)) event.json = to_json(entry, *view, context).dump();
    return event;
}

}  // namespace outrigger::rows
