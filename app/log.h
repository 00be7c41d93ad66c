// The app's log, on stderr: a line for what happens to its processes and for each request that failed (at level debug,
// for each request), text for people or JSON for collectors. A JSON line carries the ids by which Datadog finds the
// trace of the line. Any thread, any process: a line is one write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "shared/event.h"

namespace outrigger::app {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    std::string service;  // these three stand in each JSON line, where they are known
    std::string env;
    std::string version;
};

class Log {
  public:
    explicit Log(LogSettings settings) : settings_(std::move(settings)) {}

    void say(LogLevel level, std::string_view text) const;
    void request(const RequestEvent& event) const;  // nothing, when it is not worth a line at this level

  private:
    LogSettings settings_;
};

// The lines without their newline. Pure. `now_us`: UTC, microseconds since 1970.
std::string to_line(const LogSettings& settings, LogLevel level, std::string_view text, std::int64_t now_us);
std::string to_line(const LogSettings& settings, LogLevel level, const RequestEvent& event, std::int64_t now_us);

// 5xx: error; all others: debug.
LogLevel level_of(const RequestEvent& event);

}  // namespace outrigger::app
