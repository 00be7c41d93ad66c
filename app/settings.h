// The demo app's settings: each one a flag and an environment variable, the flag first, declared once.
// Read in main before anything else; what is wrong is thrown, naming the setting, its value and what is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/log.h"

namespace outrigger::app {

struct Address {
    std::string host;
    std::uint16_t port = 0;  // 0: any free one
};

struct Settings {
    Address listen;
    unsigned workers = 5;
    bool instrumented = true;           // false: --socket none
    std::optional<std::string> socket;  // none: the emitter looks in the usual places
    Address agent;                      // whose /metrics is passed through
    std::string service;
    std::string env;
    std::string version;
    LogLevel log_level = LogLevel::info;
    std::optional<LogFormat> log_format;  // none: text for a terminal, JSON for everybody else
    std::string help;                     // not empty: somebody asked; print it and leave
};

// Throws std::invalid_argument. Reads the environment.
Settings read_settings(int argc, const char* const* argv);

// "0.0.0.0:3001", "[::1]:0", "localhost:8080". Nothing when it is not HOST:PORT.
std::optional<Address> parse_address(std::string_view text);

}  // namespace outrigger::app
