// A process of the load: threads that record events at a steady rate through the real emitter, and tell the judge of
// each. The runner starts it as itself with the argument `load`, and may kill it at any moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outrigger::faults {

struct LoadSettings {
    std::string socket;
    std::uint64_t epoch = 0;
    unsigned threads = 4;
    unsigned rate = 500;                       // events a second of each thread
    std::uint64_t events = 0;                  // of each thread; 0: until SIGTERM
    std::chrono::milliseconds burst{0};        // 0: evenly; else all of a period at its start
    bool mixed = false;                        // sizes and characters of all kinds
    int judge = -1;                            // where to say it
    std::chrono::milliseconds patience{5000};  // for the agent's last acknowledgement, at the end
};

std::vector<std::string> to_arguments(const LoadSettings& settings);  // behind the program's name

// Exits 0 when all it recorded is acknowledged, 3 when not.
int run_load(const std::vector<std::string>& arguments);

}  // namespace outrigger::faults
