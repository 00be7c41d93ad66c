// What is on its way to Datadog's agent: chunks made from the journal's entries, what the journal could no longer hand
// out, and how far all of that is settled. Settled in order, from the front. Used by the traces worker's thread; no I/O
// but the reader's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/journal/reader.h"
#include "agent/sinks/traces/chunk.h"
#include "agent/sinks/traces/msgpack.h"

namespace outrigger::traces {

class Batch {
  public:
    static constexpr std::size_t most_body_bytes = 5'000'000;
    static constexpr std::size_t most_items = 50'000;

    enum class Filled : std::uint8_t { full, end, retry };

    // Empties it, then reads on until it is full or the journal ends. What arrived before `oldest_us` is too old.
    Filled fill(journal::Reader& reader, const ChunkContext& context, std::int64_t oldest_us);

    bool settled() const { return first_ == items_.size() && from_ == to_; }
    std::int64_t oldest_us() const;  // arrival of the first that is not settled; 0: none is pending

    // Moves the cursor over what needs no sending: losses, and what has become too old since.
    void drop_old(std::int64_t oldest_us, books::Cursor& cursor);

    // The next chunks, at most so many: a whole payload, which lies in the batch until that is filled anew.
    struct Part {
        std::size_t end = 0;     // of the items
        std::size_t chunks = 0;  // 0: nothing is left to be sent
        std::string_view body;
    };
    Part next(std::size_t most_chunks);
    void delivered(const Part& part, books::Cursor& cursor);
    void refused(const Part& part, books::Cursor& cursor);

  private:
    struct Item {
        std::size_t end = 0;         // in bytes_
        std::uint64_t position = 0;  // the last one that is done with when this is
        std::uint64_t requests = 0;  // the journal's own count there
        std::int64_t arrival_us = 0;
        std::uint64_t events = 1;
        books::SinkDrop lost = books::SinkDrop::count_;  // why it is not to be sent; count_: it is

        bool to_be_sent() const { return lost == books::SinkDrop::count_; }
    };
    void take(const journal::Entry& entry, const ChunkContext& context, std::int64_t oldest_us);
    void add_lost(std::uint64_t events, books::SinkDrop reason);
    void settle(std::size_t end, books::SinkDrop outcome, books::Cursor& cursor);  // count_: delivered
    std::size_t begin_of(std::size_t item) const { return item == 0 ? array_head_bytes : items_[item - 1].end; }

    // Chunks, behind room for an array's head. The head of a later part goes where settled chunks end.
    std::vector<char> bytes_;
    std::vector<Item> items_;
    std::size_t first_ = 0;  // the first that is not settled
    std::uint64_t from_ = 0, to_ = 0, requests_ = 0;
};

}  // namespace outrigger::traces
