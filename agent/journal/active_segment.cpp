#include "agent/journal/active_segment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outrigger::journal {
namespace {

constexpr std::uint64_t ahead_bytes = 256 * 1024;

int write_header(Disk& disk, const File& file, const Header& header) {
    std::vector<std::byte> bytes;
    append(bytes, header);
    return write_all(disk, file, bytes, 0);
}

}  // namespace

ActiveSegment::ActiveSegment(Disk& disk, File file, Header header, std::filesystem::path path, std::uint64_t size)
    : disk_(&disk), file_(std::move(file)), header_(header), path_(std::move(path)), size_(size) {}

std::expected<ActiveSegment, Failure> ActiveSegment::create(Disk& disk, const std::filesystem::path& folder,
                                                            const Header& header, std::uint64_t bytes, bool durable) {
    auto unfinished = folder / segment_name(header.id);
    unfinished += unfinished_suffix;
    auto blank = BlankSegment::make(disk, unfinished, bytes, false);  // synced with the header
    if (!blank) return std::unexpected(blank.error());
    return begin(disk, std::move(*blank), header, durable);
}

std::expected<ActiveSegment, Failure> ActiveSegment::begin(Disk& disk, BlankSegment blank, const Header& header,
                                                           bool durable) {
    const auto folder = blank.path.parent_path();
    const auto path = folder / segment_name(header.id);
    Failure failure{Op::write, write_header(disk, blank.file, header)};
    if (failure.code == 0 && durable) failure = {Op::sync, disk.sync(blank.file)};
    if (failure.code == 0) failure = {Op::open, disk.rename(blank.path, path)};
    if (failure.code != 0) {
        disk.remove(blank.path);
        return std::unexpected(failure);
    }
    if (durable) failure = {Op::sync, disk.sync_folder(folder)};
    if (failure.code != 0) {
        disk.remove(path);
        return std::unexpected(failure);
    }
    return ActiveSegment(disk, std::move(blank.file), header, path, blank.bytes);
}

std::expected<void, Failure> ActiveSegment::append(std::span<iovec> parts, std::uint64_t bytes) {
    if (const int error = write_all(*disk_, file_, parts, end_); error != 0)
        return std::unexpected(Failure{Op::write, error});
    // Nobody would ever find what is written to a file that was deleted or moved away under us, or unmounted.
    if (!disk_->has_name(file_, path_)) return std::unexpected(Failure{Op::missing, ENOENT});
    end_ += bytes;
    return {};
}

// A block that is allocated and was never written costs its first sync a change of the file's map, which is another
// write of the disk, or a commit of the file system's own journal. So small batches go where zeros were written and
// synced before, many batches at once.
int ActiveSegment::write_ahead() {
    static std::array<std::byte, ahead_bytes> zeros;
    if (end_ <= written_ahead_ || end_ - synced_ > ahead_bytes / 4) return 0;
    written_ahead_ = std::min((end_ / ahead_bytes + 1) * ahead_bytes, size_);
    return write_all(*disk_, file_, std::span(zeros).first(written_ahead_ - end_), end_);
}

std::expected<void, Failure> ActiveSegment::sync() {
    if (const int error = write_ahead(); error != 0) return std::unexpected(Failure{Op::write, error});
    if (const int error = disk_->sync(file_); error != 0) return std::unexpected(Failure{Op::sync, error});
    synced_ = end_;
    return {};
}

void ActiveSegment::seal(std::uint32_t ordinal, const Counts& counts) {
    std::vector<std::byte> bytes;
    append_seal(bytes, ordinal, counts, checksum_seed(header_));
    iovec part{bytes.data(), bytes.size()};
    if (!append({&part, 1}, bytes.size())) return;
    if (disk_->cut(path_, end_) == 0) size_ = end_;
}

}  // namespace outrigger::journal
