// What a client of the agent sends over and over: some thousand events as bytes, in one of the two languages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/protocol.h"

namespace outrigger::bench {

enum class Language : std::uint8_t { records, lines };

struct LoadShape {
    std::size_t routes = 10;        // as many label sets
    std::size_t message_bytes = 0;  // 0: a message of 21 bytes; else the event has that text, and little besides
};

struct Load {
    std::string bytes;
    std::uint64_t events = 0;
    double bytes_an_event() const { return static_cast<double>(bytes.size()) / static_cast<double>(events); }
};

// At least `least_bytes`, and each route once.
Load make_load(Language language, const LoadShape& shape = {}, std::size_t least_bytes = 1024 * 1024);
// What comes before: the magic, if there is one, and a hello of a new emitter.
std::string greeting(Language language);

// The record of the event that everybody records here.
std::string typical_record();

}  // namespace outrigger::bench
