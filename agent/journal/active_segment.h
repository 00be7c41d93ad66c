// The one file the writer appends to: made whole before anything goes in, written at known offsets, never appended to
// again after an error. Used by SegmentWriter, on the writer's thread.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

struct Failure {
    Op op = Op::write;
    int code = 0;       // errno
    bool full = false;  // not the disk's fault: the journal has no room until a checkpoint lets segments go
};

class ActiveSegment {
  public:
    // Preallocated and with its header on disk (when `durable`) under its final name; a leftover of a crash in between
    // ends in `.new` and is removed by recovery. EEXIST: the id is taken.
    static std::expected<ActiveSegment, Failure> create(Disk& disk, const std::filesystem::path& folder,
                                                        const Header& header, std::uint64_t bytes, bool durable);

    const Header& header() const { return header_; }
    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    std::uint64_t end() const { return end_; }
    bool fits(std::uint64_t bytes) const { return end_ + bytes + seal_bytes <= size_; }

    // `parts` is used up. After a failure the segment must not be written again.
    std::expected<void, Failure> append(std::span<iovec> parts, std::uint64_t bytes);
    std::expected<void, Failure> sync();
    // Writes the seal and gives the space behind it back; best effort.
    void seal(std::uint32_t ordinal, const Counts& counts);

  private:
    ActiveSegment(Disk& disk, File file, Header header, std::filesystem::path path, std::uint64_t size);

    Disk* disk_;
    File file_;
    Header header_;
    std::filesystem::path path_;
    std::uint64_t size_;
    std::uint64_t end_ = header_bytes;
};

}  // namespace outrigger::journal
