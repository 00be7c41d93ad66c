// One sink's page in the books: its cursor and its health. The sink's thread pushes, the door, the metrics and the
// checkpoint read; the mutex guards all of it and is held for a copy only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "agent/books/cursor.h"

namespace outrigger::books {

struct Health {
    bool up = false;
    std::string last_error;              // empty: none; no secrets
    std::int64_t progress_us = 0;        // UTC of the last progress, or of the last time nothing was pending
    std::int64_t oldest_pending_us = 0;  // arrival of the oldest entry not yet done with; 0: nothing is pending
};

class Tally {
  public:
    // `keep` is given each cursor before anybody can read it here.
    explicit Tally(Cursor start = {}, std::function<void(const Cursor&)> keep = {})
        : keep_(std::move(keep)), cursor_(start) {}

    Cursor cursor() const {
        const std::lock_guard lock(mutex_);
        return cursor_;
    }
    void push(const Cursor& cursor) {
        if (keep_) keep_(cursor);
        const std::lock_guard lock(mutex_);
        cursor_ = cursor;
    }
    Health health() const {
        const std::lock_guard lock(mutex_);
        return health_;
    }
    void push(const Health& health) {
        const std::lock_guard lock(mutex_);
        health_ = health;
    }

  private:
    const std::function<void(const Cursor&)> keep_;
    mutable std::mutex mutex_;  // guards cursor_ and health_
    Cursor cursor_;
    Health health_;
};

}  // namespace outrigger::books
