// The agent's log: spdlog's default logger on stderr, written by a thread of its own, so that a full pipe never holds
// anybody up: what finds no room is passed over and counted. Set up once by main; every file may then use spdlog.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/settings/settings.h"

namespace spdlog {
class logger;
}

namespace outrigger::log {

// Undone when it goes: the last lines are written.
class Log {
  public:
    Log(settings::LogFormat format, settings::LogLevel level);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

  private:
    std::shared_ptr<spdlog::logger> logger_;  // outlives the thread that writes
};

// A line's text made safe for a terminal and for one line: control characters and what is not UTF-8 as \xNN.
std::string escape_text(std::string_view text);
// The inside of a JSON string.
std::string escape_json(std::string_view text);

}  // namespace outrigger::log
