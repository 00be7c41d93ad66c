// What lies in the journal's two folders, seen from outside: nothing is locked, moved, cut or written, so a running
// agent's may be looked at. Used by `outrigger journal ls | verify`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/journal/disk.h"
#include "agent/journal/format.h"

namespace outrigger::journal {

// Where in the file, and what is wrong there.
struct Damage {
    std::uint64_t offset = 0;
    std::string what;
};

// One file that is, or was, a segment.
struct Inspected {
    std::filesystem::path path;
    bool fallback = false;
    bool quarantined = false;
    std::optional<Header> header;  // nothing: cannot be read, see `damage`
    std::uint64_t bytes = 0;       // of the file
    std::uint64_t entries = 0;     // those that are missing in it included
    Counts counts{};               // of each kind; what is missing in a segment without a seal is in none
    bool sealed = false;
    bool newest = false;      // of all that are not in quarantine
    bool superseded = false;  // a newer one says the same positions
    bool unfinished = false;  // a batch at the end that was never acknowledged, or is being written
    std::vector<Damage> damage;
    struct Tail {
        std::uint64_t entries = 0;
        std::size_t damages = 0;  // the last ones
    };
    std::optional<Tail> damaged_tail;  // a batch at the end of an open file

    std::uint64_t last() const { return header ? header->first + entries - 1 : 0; }
};

// Positions that no segment holds though the one behind them counts entries there.
struct Gap {
    std::uint64_t first = 0, last = 0;
    std::uint64_t entries = 0;
};

struct Inspection {
    std::vector<Inspected> files;     // in order of position; those in quarantine behind them
    std::vector<Gap> missing;         // between the oldest and the newest
    std::vector<std::string> others;  // what lies there and is no segment of ours
    std::vector<std::string> errors;  // folders that cannot be read
    bool is_whole() const;            // nothing damaged, missing or unreadable; quarantine does not count
};

// An empty folder name, or one that is not there, is no error. `verify`: every checksum of every entry; without, the
// headers, the seals, and the segments that have none.
Inspection inspect(Disk& disk, const std::filesystem::path& folder, const std::filesystem::path& fallback, bool verify);

}  // namespace outrigger::journal
