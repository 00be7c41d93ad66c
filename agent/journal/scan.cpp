#include "agent/journal/scan.h"

#include <algorithm>
#include <utility>

#include "shared/little_endian.h"

namespace outrigger::journal {
namespace {

constexpr std::size_t window_bytes = std::size_t{1} << 20;
constexpr std::size_t page_bytes = 4096;
constexpr int patience = 5;  // failed reads in a row, before what cannot be read counts as damaged

}  // namespace

SegmentScan::SegmentScan(Disk& disk, std::shared_ptr<const File> file, const Header& header)
    : disk_(&disk), file_(std::move(file)), seed_(checksum_seed(header)) {}

SegmentScan::What SegmentScan::next(std::uint64_t readable) {
    if (seal_) return What::end;
    for (std::uint64_t at = offset_;; at += 8) {
        switch (look(at, readable, at - offset_)) {
            case Look::good:
                if (at != offset_) met_damage_ = true;
                offset_ = at + entry_bytes(head_.length);
                expected_ = head_.ordinal + 1;
                if (head_.kind != seal_kind) return What::entry;
                seal_ = parse_seal(payload_);
                return What::end;
            case Look::bad:
                break;
            case Look::nothing:
                return What::end;
            case Look::retry:
                return What::retry;
        }
    }
}

SegmentScan::Look SegmentScan::look(std::uint64_t offset, std::uint64_t readable, std::uint64_t passed_over) {
    if (offset + head_bytes > readable) return Look::nothing;
    const std::byte* at = bytes(offset, head_bytes, readable);
    if (at == nullptr) return Look::retry;
    const auto head = parse_head(at);
    const bool plausible = head && head->ordinal >= expected_ &&
                           head->ordinal - expected_ <= passed_over / head_bytes &&
                           offset + entry_bytes(head->length) <= readable;
    if (plausible) at = bytes(offset, entry_bytes(head->length), readable);
    if (at == nullptr) return Look::retry;
    if (!plausible || !validates(at, *head, seed_)) {
        if (load<std::uint64_t>(at) != 0) met_damage_ = true;
        return Look::bad;
    }
    head_ = *head;
    payload_ = Bytes(at + head_bytes, head->length);
    return Look::good;
}

const std::byte* SegmentScan::bytes(std::uint64_t offset, std::size_t count, std::uint64_t readable) {
    if (offset < window_at_ || offset + count > window_at_ + window_.size()) {
        const std::uint64_t wanted = std::min<std::uint64_t>(window_bytes, readable - offset);
        if (!fill(offset, static_cast<std::size_t>(wanted))) return nullptr;
    }
    return window_.data() + (offset - window_at_);
}

// What the file does not have is read as zeros; so is, once patience is over, what the disk will not give.
bool SegmentScan::fill(std::uint64_t offset, std::size_t count) {
    window_.resize(count);
    window_at_ = offset;
    auto filled = read_all(*disk_, *file_, window_, offset);
    if (!filled && ++failures_ < patience) {
        window_.clear();
        return false;
    }
    if (filled) {
        failures_ = 0;
        std::fill(window_.begin() + static_cast<std::ptrdiff_t>(*filled), window_.end(), std::byte{0});
        return true;
    }
    met_damage_ = true;
    for (std::size_t at = 0; at < count;) {
        const std::size_t bytes = std::min(count - at, page_bytes - (offset + at) % page_bytes);
        const auto page = std::span(window_).subspan(at, bytes);
        filled = read_all(*disk_, *file_, page, offset + at);
        const auto good = filled ? static_cast<std::ptrdiff_t>(*filled) : 0;
        std::fill(page.begin() + good, page.end(), std::byte{0});
        at += bytes;
    }
    return true;
}

}  // namespace outrigger::journal
