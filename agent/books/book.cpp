#include "agent/books/book.h"

#include <algorithm>

namespace outrigger::books {

Balance balance(const Cursor& cursor, std::uint64_t journal_requests) {
    Balance out;
    // A journal that went back behind a cursor (rolled back, or its mark read too early) has at least what was read.
    const std::uint64_t journaled = std::max(journal_requests, cursor.requests);
    out.accepted = journaled - std::min(journaled, cursor.base);
    out.pending = journaled - cursor.requests;
    const std::uint64_t done = cursor.delivered - cursor.rewound + cursor.dropped_total() + out.pending;
    out.difference = static_cast<std::int64_t>(out.accepted - done);  // modulo 2^64: small differences keep their sign
    return out;
}

void Book::add(std::string sink, const Tally& tally) {
    add(std::move(sink), [&tally] { return Entry{tally.cursor(), tally.health()}; });
}

void Book::add(std::string sink, std::function<Entry()> read) { sinks_.emplace_back(std::move(sink), std::move(read)); }

void Book::add_off(std::string sink) { sinks_.emplace_back(std::move(sink), nullptr); }

std::vector<Page> Book::read(std::int64_t now_us) const {
    std::vector<Page> out;
    for (const auto& [sink, read_entry] : sinks_) {
        Page page;
        page.sink = sink;
        page.on = read_entry != nullptr;
        if (page.on) std::tie(page.cursor, page.health) = read_entry();
        out.push_back(std::move(page));
    }
    const std::uint64_t journal_requests = journal_requests_();
    for (Page& page : out) {
        if (!page.on) continue;
        page.balance = balance(page.cursor, journal_requests);
        const std::int64_t oldest_us = page.health.oldest_pending_us;
        if (oldest_us != 0) page.lag_seconds = static_cast<double>(std::max<std::int64_t>(now_us - oldest_us, 0)) / 1e6;
    }
    return out;
}

}  // namespace outrigger::books
