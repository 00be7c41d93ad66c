// The yardstick of the journal at a steady pace: one thread that appends so many bytes to a file whose room was made
// before, syncs, and sleeps until the next turn, each 6 ms, as often as an app's sender wakes. It knows no event, no
// client and nobody who waits for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace outrigger::bench {

struct BareSyncs {
    std::vector<double> taken_ms;  // each write and its sync
    double cpu_percent = 0;        // of one core
};

BareSyncs write_and_sync(std::size_t bytes_each, std::chrono::milliseconds length);  // throws when the disk refuses

}  // namespace outrigger::bench
