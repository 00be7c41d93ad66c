// The one file the writer appends to: made whole before anything goes in, written at known offsets, never appended to
// again after an error. Used by SegmentWriter, on the writer's thread.
#pragma once

#include "agent/journal/blank_segment.h"

namespace outrigger::journal {

class ActiveSegment {
  public:
    // Gives the file its header and then its final name, both on disk when `durable`. A failure leaves neither file nor
    // name. EEXIST: the id is taken.
    static std::expected<ActiveSegment, Failure> begin(Disk& disk, BlankSegment blank, const Header& header,
                                                       bool durable);
    // The same, its space allocated first.
    static std::expected<ActiveSegment, Failure> create(Disk& disk, const std::filesystem::path& folder,
                                                        const Header& header, std::uint64_t bytes, bool durable);

    const Header& header() const { return header_; }
    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    std::uint64_t end() const { return end_; }
    bool fits(std::uint64_t bytes) const { return end_ + bytes + seal_bytes <= size_; }

    // `parts` is used up. After a failure the segment must not be written again.
    std::expected<void, Failure> append(std::span<iovec> parts, std::uint64_t bytes);
    // What was appended is on disk.
    std::expected<void, Failure> sync();
    // Writes the seal and gives the space behind it back; best effort.
    void seal(std::uint32_t ordinal, const Counts& counts);

  private:
    ActiveSegment(Disk& disk, File file, Header header, std::filesystem::path path, std::uint64_t size);
    int write_ahead();

    Disk* disk_;
    File file_;
    Header header_;
    std::filesystem::path path_;
    std::uint64_t size_;
    std::uint64_t end_ = header_bytes;
    std::uint64_t synced_ = header_bytes;
    std::uint64_t written_ahead_ = header_bytes;  // zeros up to here were written, and not only allocated
};

}  // namespace outrigger::journal
