// What the rows sink says of itself: its health for the books, and one line for the log at each change of state: up,
// down, and down so that somebody has to do something. Used by the rows worker's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "agent/books/tally.h"
#include "agent/sinks/reader_worker.h"
#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

class Report {
  public:
    Report(books::Tally& tally, std::function<void(std::string line)> say) : tally_(tally), say_(std::move(say)) {}

    bool is_up() const { return breaker_.up(); }
    void up();
    // `statements`: what an administrator would have to run, said when that helps. `since_us`: arrival of what is
    // pending; 0: nothing is.
    void down(const DatabaseError& error, const std::string& statements, std::int64_t since_us);

    // Arrival of the oldest entry that is not stored, in UTC microseconds; 0: it is not known.
    void pending_since(std::int64_t at_us);
    void nothing_pending(std::int64_t now_us);
    // A batch was stored; `oldest_us` as above, 0: nothing else is pending.
    void progress(std::int64_t now_us, std::int64_t oldest_us);

    // Of retention, which fails alone: storing goes on.
    void expired();
    void not_expired(const DatabaseError& error, const std::string& statements);

    void say(const std::string& line) { say_("rows: " + line); }
    void push();

  private:
    std::string asked(const DatabaseError& error, const std::string& statements);

    books::Tally& tally_;
    const std::function<void(std::string)> say_;
    sinks::Breaker breaker_;
    std::string asked_;       // the statements that were said last
    bool said_hold_ = false;  // since it was up
    std::string expiry_error_;
    std::int64_t oldest_pending_us_ = 0;
    std::int64_t progress_us_ = 0;
};

}  // namespace outrigger::rows
