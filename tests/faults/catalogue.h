// The cases, each named by its place in the fault matrix: A processes, B host and disk, C Postgres, D network and other
// sinks, E socket and hostile clients, F clock and resources, G life cycle.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/faults/world.h"

namespace outrigger::faults {

struct Case {
    std::string id;
    std::string what;  // breaks, and how
    Drops drops = Drops::none;
    std::function<void(World&)> play;              // with everything healed when it returns
    std::function<std::string()> cannot_run = {};  // why not on this machine; empty: it can
};

std::vector<Case> process_cases();
std::vector<Case> starved_cases();
std::vector<Case> power_cases();
std::vector<Case> disk_cases();
std::vector<Case> folder_cases();
std::vector<Case> postgres_cases();
std::vector<Case> refusal_cases();
std::vector<Case> ledger_cases();
std::vector<Case> pressure_cases();
std::vector<Case> network_cases();
std::vector<Case> sink_cases();
std::vector<Case> trace_cases();
std::vector<Case> link_cases();
std::vector<Case> life_cases();
std::vector<Case> start_cases();
std::vector<Case> hostile_cases();
std::vector<Case> stream_cases();
std::vector<Case> text_cases();
std::vector<Case> all_cases();

}  // namespace outrigger::faults
