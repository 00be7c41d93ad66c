#include "agent/books/readiness.h"

#include <algorithm>

namespace outrigger::books {

namespace {

std::string problem_of(const Page& page, std::int64_t now_us) {
    if (!page.on) return {};
    if (!page.health.up)
        return page.sink + ": down" + (page.health.last_error.empty() ? "" : ": " + page.health.last_error);
    if (page.balance.difference != 0)
        return page.sink + ": the books differ by " + std::to_string(page.balance.difference);
    // What is pending for less than that has had no chance yet.
    const std::int64_t since = std::max(page.health.progress_us, page.health.oldest_pending_us);
    if (page.balance.pending > 0 && since > 0 && now_us - since > stalled_after_us)
        return page.sink + ": no progress for " + std::to_string((now_us - since) / 1'000'000) + " s with " +
               std::to_string(page.balance.pending) + " events pending";
    return {};
}

}  // namespace

std::vector<std::string> problems(const std::vector<Page>& pages, const JournalHealth& journal, std::int64_t now_us) {
    std::vector<std::string> found;
    if (!journal.durable)
        found.push_back("journal: not durable" + (journal.problem.empty() ? "" : ": " + journal.problem));
    if (journal.waiting_since_us > 0 && now_us - journal.waiting_since_us > journal_stalled_after_us)
        found.push_back("journal: nothing could be kept for " +
                        std::to_string((now_us - journal.waiting_since_us) / 1'000'000) + " s" +
                        (journal.problem.empty() ? "" : ": " + journal.problem));
    for (const Page& page : pages)
        if (auto problem = problem_of(page, now_us); !problem.empty()) found.push_back(std::move(problem));
    return found;
}

}  // namespace outrigger::books
