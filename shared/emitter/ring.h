// The ring in memory: app threads reserve, write and publish; the sender's thread reads in order and releases what is
// acknowledged. Works on mapped bytes and knows no file; the layout is drawn in shared/ring_format.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "shared/ring_format.h"

namespace outrigger {

class Ring {
  public:
    // `cells` points at the cells mapped twice in a row, so that a record is always contiguous; both outlive the ring.
    Ring(ring::Header& header, std::byte* cells) noexcept;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    struct Slot {
        std::byte* record;
        std::uint64_t cell;
        std::uint64_t number;
    };
    struct Cursor {
        std::uint64_t cell = 0;
        std::uint64_t number = 1;
    };

    // Any thread; neither waits. None: full or closed, and no number was taken. A slot that was reserved must be
    // published with the same length: what comes behind it waits for that. The record's bytes are in the slot already,
    // or somewhere else and are copied there.
    std::optional<Slot> reserve(std::uint32_t length) noexcept;
    void publish(const Slot& slot, Bytes record) noexcept;
    void count_drop(DropReason reason) noexcept;

    // Any thread.
    std::uint64_t next_number() const noexcept;
    std::uint64_t first_unacknowledged() const noexcept;
    std::uint64_t key() const noexcept { return key_; }  // random, this ring's own
    DropTotals drop_totals() const noexcept;

    // The sender's thread alone, from here on.
    Bytes at(const Cursor& cursor) const noexcept;  // the record there; empty: not published yet
    static void pass(Cursor& cursor, Bytes record) noexcept;
    Cursor released() const noexcept { return released_; }
    void release_through(std::uint64_t number) noexcept;
    void add_drops(DropReason reason, std::uint64_t events) noexcept;
    void forget_drops(DropReason reason, std::uint64_t events) noexcept;
    bool settled() const noexcept;  // everything reserved is published
    void close() noexcept;  // nothing is accepted from here on; what was reserved is still published and released

  private:
    std::uint64_t* word_at(std::uint64_t cell) const noexcept;
    bool has_later_head(const Slot& slot, Bytes record) const noexcept;
    void clear_later_heads(std::uint64_t end) noexcept;

    ring::Header& header_;
    std::byte* cells_;
    std::uint64_t count_;
    std::uint64_t key_ = 0;
    std::atomic<bool> later_heads_ = false;  // some cell may look like a head of the lap after its own
    Cursor released_;
    bool closed_ = false;
};

}  // namespace outrigger
