#include "app/log.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "shared/trace_ids.h"
#include "shared/utc_clock.h"

namespace outrigger::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warn", "error"};

std::string_view name_of(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

// 2026-11-25T03:46:41.123456Z
std::string to_time(std::int64_t us) {
    const std::time_t seconds = us / 1'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 32> date{};
    std::array<char, 48> whole{};
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(whole.data(), whole.size(), "%s.%06dZ", date.data(), static_cast<int>(us % 1'000'000));
    return whole.data();
}

Json begin_json(const LogSettings& settings, LogLevel level, std::string_view text, std::int64_t now_us) {
    Json line = {{"timestamp", to_time(now_us)}, {"level", name_of(level)}, {"message", text}};
    if (!settings.service.empty()) line["dd.service"] = settings.service;
    if (!settings.env.empty()) line["dd.env"] = settings.env;
    if (!settings.version.empty()) line["dd.version"] = settings.version;
    return line;
}

// Bytes that are no UTF-8 become U+FFFD: a request may bring any.
std::string to_text(const Json& line) { return line.dump(-1, ' ', false, Json::error_handler_t::replace); }

// As Datadog's tracers write them: all 128 bits of the trace in hexadecimal, the span in decimal.
void add_trace(Json& line, const RequestEvent& event) {
    const auto trace_id = to_hex(event.trace_id);
    line["dd.trace_id"] = std::string_view(trace_id.data(), trace_id.size());
    line["dd.span_id"] = std::to_string(event.span_id);
}

std::string summary_of(const RequestEvent& event) {
    std::string text = std::string(event.method.empty() ? "-" : event.method) + " ";
    text += event.path.empty() ? "-" : event.path;
    text += " " + std::to_string(event.status);
    if (!event.message.empty()) text.append(": ").append(event.message);
    return text;
}

// One line, whatever a client has put into its path.
std::string without_controls(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
}

void write_line(std::string line) {
    line += '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void Log::say(LogLevel level, std::string_view text) const {
    if (level >= settings_.level) write_line(to_line(settings_, level, text, utc_us()));
}

void Log::request(const RequestEvent& event) const {
    const LogLevel level = level_of(event);
    if (level >= settings_.level) write_line(to_line(settings_, level, event, utc_us()));
}

std::string to_line(const LogSettings& settings, LogLevel level, std::string_view text, std::int64_t now_us) {
    if (settings.format == LogFormat::json) return to_text(begin_json(settings, level, text, now_us));
    return "demo-app: " + without_controls(std::string(text));
}

std::string to_line(const LogSettings& settings, LogLevel level, const RequestEvent& event, std::int64_t now_us) {
    const std::string summary = summary_of(event);
    if (settings.format == LogFormat::text) {
        const auto trace_id = to_hex(event.trace_id);
        const std::string trace = " (trace " + std::string(trace_id.begin(), trace_id.end()) + ")";
        return to_line(settings, level, summary + trace, now_us);
    }
    Json line = begin_json(settings, level, summary, now_us);
    add_trace(line, event);
    line["http.method"] = event.method;
    line["http.url"] = event.path;
    line["http.route"] = event.route;
    line["http.status_code"] = event.status;
    line["network.client.ip"] = event.client;
    line["duration"] = event.duration_us * 1000;  // nanoseconds, by Datadog's convention
    if (!event.error.empty()) {
        line["error.kind"] = event.error.type;
        line["error.message"] = event.error.message;
        line["error.stack"] = event.error.stack;
    }
    return to_text(line);
}

LogLevel level_of(const RequestEvent& event) { return event.status >= 500 ? LogLevel::error : LogLevel::debug; }

}  // namespace outrigger::app
