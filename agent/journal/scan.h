// Walks the entries of one segment, through a window of at most 1 MiB, and finds the next good one behind bad bytes.
// Used by readers and by recovery, on their own threads. Copying one makes a second, independent walk of the same file.
#pragma once

#include <memory>
#include <optional>

#include "agent/journal/disk.h"
#include "agent/journal/format.h"

namespace outrigger::journal {

class SegmentScan {
  public:
    enum class What : std::uint8_t {
        entry,  // head() and payload() are those of the next good one; its ordinal may jump
        end,    // nothing good follows within `readable`; a later call with more of it goes on
        retry,  // the disk did not answer
    };

    // `file` stays open as long as any copy lives.
    SegmentScan(Disk& disk, std::shared_ptr<const File> file, const Header& header);

    // Never reads beyond `readable` bytes of the file.
    What next(std::uint64_t readable);

    const Head& head() const { return head_; }
    Bytes payload() const { return payload_; }            // until the next call
    std::uint64_t end_offset() const { return offset_; }  // behind the last good entry
    // What the seal said, once it was reached.
    const std::optional<Counts>& seal() const { return seal_; }
    // Bytes that are neither an entry nor zero have been met.
    bool met_damage() const { return met_damage_; }

  private:
    enum class Look : std::uint8_t { good, bad, nothing, retry };
    Look look(std::uint64_t offset, std::uint64_t readable, std::uint64_t passed_over);
    const std::byte* bytes(std::uint64_t offset, std::size_t count, std::uint64_t readable);
    bool fill(std::uint64_t offset, std::size_t count);

    Disk* disk_;
    std::shared_ptr<const File> file_;
    std::uint32_t seed_;
    std::vector<std::byte> window_;
    std::uint64_t window_at_ = 0;
    std::uint64_t offset_ = header_bytes;
    std::uint32_t expected_ = 0;  // ordinal
    Head head_;
    Bytes payload_;
    std::optional<Counts> seal_;
    bool met_damage_ = false;
    int failures_ = 0;
};

}  // namespace outrigger::journal
