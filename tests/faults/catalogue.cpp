#include "tests/faults/catalogue.h"

#include <iterator>

namespace outrigger::faults {

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (auto* const list : {&process_cases, &starved_cases, &power_cases, &disk_cases, &folder_cases, &postgres_cases,
                             &refusal_cases, &ledger_cases, &pressure_cases, &network_cases, &sink_cases, &trace_cases,
                             &link_cases, &hostile_cases, &stream_cases, &text_cases, &life_cases, &start_cases}) {
        auto cases = list();
        std::ranges::move(cases, std::back_inserter(all));
    }
    return all;
}

}  // namespace outrigger::faults
