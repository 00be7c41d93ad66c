// What the file of a ring says, read from its bytes as an agent reads the ring of a dead emitter: cell by cell, nothing
// believed without its checksum. Never use it on a ring that this very process holds: reading it frees the lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/ring_format.h"

namespace outrigger::test {

struct RingContent {
    struct Entry {
        std::uint64_t number = 0;
        std::string record;
    };
    EmitterId emitter{};
    Hello hello;
    std::uint64_t first = 0;  // the lowest number not acknowledged
    std::uint64_t next = 0;   // the number that nobody took yet
    std::vector<Entry> entries;
    DropTotals drops{};

    static RingContent read(const std::string& path);
};

}  // namespace outrigger::test
