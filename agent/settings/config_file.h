// The --config file: TOML without tables. `key = value` a line, values are strings (basic or literal, on one line),
// numbers, booleans, or arrays of these; # begins a comment. Pure. Used by command_line.
// CLI11's own reader is not used: it cuts quoted values at '#' and ',', which passwords and lists may hold.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::settings {

struct ConfigEntry {
    std::string key;
    std::string value;  // what a flag would be given: unquoted, array elements joined by commas
    std::size_t line = 0;
};

// "3: what is wrong", one line whatever the file holds; names the key, never the value, which may be a password.
struct ConfigError {
    std::size_t line = 0;
    std::string what;
};

std::expected<std::vector<ConfigEntry>, ConfigError> parse_config(std::string_view text);

}  // namespace outrigger::settings
