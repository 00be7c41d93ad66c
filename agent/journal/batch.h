// Entries on their way into the journal, already in their on-disk form but for position and checksum. Filled by the
// intake thread, swapped with the writer's empty one; buffers are kept, so that a running agent allocates nothing.
// A batch is kept whole or not at all: it lies in one segment, its last entry is marked, and recovery cuts a tail
// without that mark. So a refused run at the end of a batch is never missing behind the later numbers that were
// accepted.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "agent/journal/entry.h"

namespace outrigger::journal {

// Intake's claim on a batch: once it is kept, acknowledge `number` on connection `connection`.
struct Receipt {
    std::uint64_t connection = 0;
    std::uint64_t number = 0;
};

class Batch {
  public:
    // Intake offers a batch before it grows beyond this (one record more than it may be added).
    static constexpr std::size_t full_bytes = std::size_t{2} << 20;

    void add(const Envelope& envelope, Bytes payload);
    // Room for a payload that is written at once, before anything else is added.
    std::byte* add(const Envelope& envelope, std::uint32_t payload_bytes);
    // States who a handle is. The writer remembers it and states it anew in each segment that uses it.
    void introduce(std::uint32_t emitter, const Identity& identity);
    // The handle will not be used after this batch; never in the batch that introduces it anew.
    void forget(std::uint32_t emitter);
    void add_receipt(Receipt receipt) { receipts_.push_back(receipt); }

    bool empty() const { return bytes_.empty() && introduced_.empty() && receipts_.empty() && forgotten_.empty(); }
    std::size_t bytes() const { return bytes_.size(); }
    void clear();

  private:
    friend class Writer;
    friend class SegmentWriter;
    friend class Stamper;
    std::vector<std::byte> bytes_;
    std::vector<std::pair<std::uint32_t, Identity>> introduced_;
    std::vector<std::uint32_t> forgotten_;
    std::vector<Receipt> receipts_;
    std::vector<std::byte> scratch_;  // the writer's: identities to be stated
};

}  // namespace outrigger::journal
