// The books: one reading of all sinks and of the journal that the door, the metrics and the status share. Sinks are
// read first, the journal's count last, so that pending is never negative. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/books/tally.h"

namespace outrigger::books {

// accepted = delivered - rewound + dropped + pending, or `difference` says by how much not. Accepted and pending come
// from the journal's own counts, so that a missing increment shows.
struct Balance {
    std::uint64_t accepted = 0;
    std::uint64_t pending = 0;
    std::int64_t difference = 0;  // accepted - (delivered - rewound + dropped + pending)
};
Balance balance(const Cursor& cursor, std::uint64_t journal_requests);

struct Page {
    std::string sink;
    bool on = false;
    Cursor cursor;
    Health health;
    Balance balance;
    double lag_seconds = 0;
};

class Book {
  public:
    using Entry = std::pair<Cursor, Health>;

    // `journal_requests`: the journal's count of request entries at its mark.
    explicit Book(std::function<std::uint64_t()> journal_requests) : journal_requests_(std::move(journal_requests)) {}

    // In the order of /status; all before the first read. A sink that is off has no reader of its page.
    void add(std::string sink, const Tally& tally);
    void add(std::string sink, std::function<Entry()> read);
    void add_off(std::string sink);

    std::vector<Page> read(std::int64_t now_us) const;

  private:
    std::function<std::uint64_t()> journal_requests_;
    std::vector<std::pair<std::string, std::function<Entry()>>> sinks_;
};

}  // namespace outrigger::books
