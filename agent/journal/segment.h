// One segment as the journal knows it, without having it open. Kept in the state's list, copied out by readers.
#pragma once

#include <cstdint>
#include <filesystem>

#include "agent/journal/format.h"

namespace outrigger::journal {

struct Segment {
    Header header;
    std::filesystem::path path;
    bool fallback = false;       // lies in the fallback folder
    std::uint64_t size = 0;      // of the file, preallocated space included
    std::uint64_t readable = 0;  // bytes that may hold entries; of the one being written: what is kept
    bool damaged = false;        // seen, counted and quarantined already
    bool leaving = false;        // retention is removing the file
};

// By which a later segment wins over what an earlier one holds beyond its first position.
constexpr bool older(const Header& one, const Header& two) {
    return one.generation != two.generation ? one.generation < two.generation : one.id < two.id;
}

}  // namespace outrigger::journal
