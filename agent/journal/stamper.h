// Turns a batch into the bytes of one segment: ordinals, checksums, and the identity of each emitter stated before its
// first entry there. Remembers who is who. Used by SegmentWriter, on the writer's thread.
#pragma once

#include <sys/uio.h>

#include <functional>
#include <unordered_map>

#include "agent/journal/batch.h"
#include "agent/journal/format.h"

namespace outrigger::journal {

// Where the next entry goes.
struct Place {
    std::uint64_t position = 1;
    std::uint32_t ordinal = 0;
    Counts counts{};         // of each kind before it
    std::int64_t at_us = 0;  // arrival of the one before it
};

class Stamper {
  public:
    // From now on no identity is stated.
    void begin_segment(const Header& header);

    void remember(const Batch& batch);
    void forget(const Batch& batch);
    // An upper bound without looking at the batch.
    std::uint64_t bytes_at_most(const Batch& batch) const { return batch.bytes() + known_bytes_; }
    // How much of a segment the batch takes, where none of its identities is stated (`anew`) or as things stand.
    std::uint64_t bytes_needed(const Batch& batch, bool anew);
    // Stamps the batch in place and returns the place after it. What is stated is forgotten only by begin_segment.
    Place stamp(Batch& batch, Place place);
    // What stamp() made, in order; valid until the batch is touched.
    std::span<iovec> parts(Batch& batch);
    void for_each(const Batch& batch, std::uint64_t first_position, const std::function<void(const Entry&)>& use);

  private:
    struct Known {
        Identity identity;
        std::uint64_t bytes = 0;   // of the entry that states it
        std::uint64_t stated = 0;  // in which segment, by serial_
        std::uint64_t asked = 0;   // by which bytes_needed()
    };
    struct Piece {
        bool identity = false;  // lies in the batch's scratch
        std::size_t offset = 0;
        std::size_t bytes = 0;
    };
    Known* find(std::uint32_t emitter);
    void add_piece(bool identity, std::size_t offset, std::size_t bytes);

    std::unordered_map<std::uint32_t, Known> known_;
    std::uint64_t known_bytes_ = 0;  // of entries that would state all of known_
    std::uint32_t last_emitter_ = 0;
    Known* last_known_ = nullptr;
    std::uint32_t seed_ = 0;
    std::uint64_t serial_ = 0;
    std::uint64_t asked_ = 0;
    std::vector<Piece> pieces_;
    std::vector<iovec> parts_;
};

}  // namespace outrigger::journal
