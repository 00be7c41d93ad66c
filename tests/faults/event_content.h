// What an event of the load holds is a function of its name alone, so that a row can be checked without a list of what
// was sent: its name is the path, the rest follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::faults {

struct EventName {
    std::uint64_t epoch = 0;  // of the process that made it
    std::uint32_t thread = 0;
    std::uint64_t number = 0;  // from 1, in its thread
    auto operator<=>(const EventName&) const = default;
};

std::string path_of(const EventName& name);
std::optional<EventName> parse_path(std::string_view path);

// Text of the row's message: mostly some 200 bytes; with `mixed` sizes from none to the limit of 4 KiB, characters that
// mean something to a sink among them.
std::string message_of(const EventName& name, bool mixed);

}  // namespace outrigger::faults
