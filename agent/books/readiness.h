// Whether the agent makes progress: what /-/ready says. Pure. By progress, not by threads being alive: a sink that is
// up and delivers nothing while something is pending is not ready.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/books/book.h"

namespace outrigger::books {

struct JournalHealth {
    bool durable = true;
    std::string problem;                // empty, or what is wrong
    std::int64_t waiting_since_us = 0;  // a batch is waiting to be kept since then; 0: none is
};

// Each line names what is wrong; none: ready.
std::vector<std::string> problems(const std::vector<Page>& pages, const JournalHealth& journal, std::int64_t now_us);

inline constexpr std::int64_t stalled_after_us = 10'000'000;
inline constexpr std::int64_t journal_stalled_after_us = 3'000'000;

}  // namespace outrigger::books
