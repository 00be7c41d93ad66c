// GET /status: everything a person or a script wants to know, as JSON. Pure: facts in, text out. Called by the door's
// thread through topology's routes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/books/book.h"

namespace outrigger::http {

struct StatusSetting {
    std::string name, value, source;  // secrets already masked
};

struct StatusOffender {
    std::string name;
    std::uint64_t events = 0;
    std::string example;
};

struct StatusAway {
    std::string door, reason;
    std::uint64_t count = 0;
};

struct StatusFacts {
    std::string version;
    std::vector<StatusSetting> settings;
    std::uint64_t connections = 0;
    std::uint64_t emitters = 0;  // connected, or with a ring being drained
    std::uint64_t emitters_known = 0;
    std::vector<StatusAway> turned_away;
    std::uint64_t series = 0;
    std::uint64_t max_series = 0;
    std::vector<StatusOffender> offenders;
    std::uint64_t journal_bytes = 0;
    std::uint64_t journal_segments = 0;
    std::uint64_t journal_position = 0;
    std::uint64_t journal_oldest = 0;
    bool journal_durable = true;
    std::string journal_problem;
    std::vector<books::Page> sinks;
};

std::string to_json(const StatusFacts& facts);

}  // namespace outrigger::http
