#include "agent/journal/tail.h"

#include <algorithm>

namespace outrigger::journal {
namespace {

using What = Tail::What;

constexpr std::uint64_t block_bytes = 512;
constexpr std::uint64_t zeros_by_nature = 32;  // at the end of an entry: padding, high bytes of small numbers
constexpr std::size_t window_bytes = head_bytes + padded(payload_limit) + block_bytes;  // any entry, its last block too

bool all_zero(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

std::uint64_t block_end(std::uint64_t at) { return at / block_bytes * block_bytes + block_bytes; }

class TailReader {
  public:
    TailReader(Disk& disk, const File& file, std::uint64_t readable)
        : disk_(disk), file_(file), readable_(readable), window_(window_bytes) {}

    // As much as there is of the window that begins at `at`; nothing when the disk does not answer.
    std::optional<Bytes> read(std::uint64_t at) {
        const std::uint64_t wanted = std::min<std::uint64_t>(window_bytes, readable_ - at);
        const auto filled = read_all(disk_, file_, std::span(window_).first(wanted), at);
        if (!filled) return std::nullopt;
        return Bytes(window_).first(*filled);
    }

    // Whether what was written from `at` on neither has a block of zeros nor ends with a block or the file. Something
    // stands there.
    bool ends_by_itself(std::uint64_t at) {
        const std::uint64_t begin = at;
        std::uint64_t end = at;  // of what is not zero
        bool hole = false;
        while (at < readable_) {
            const auto bytes = read(at);
            if (!bytes || bytes->empty() || all_zero(*bytes)) break;
            for (std::uint64_t from = at; from < at + bytes->size();) {
                const std::uint64_t to = std::min(block_end(from), at + bytes->size());
                const Bytes block = bytes->subspan(from - at, to - from);
                const auto last = std::ranges::find_if(block.rbegin(), block.rend(),
                                                       [](std::byte byte) { return byte != std::byte{0}; });
                if (last != block.rend()) {
                    hole = hole || from > (end == begin ? begin : block_end(end - 1));
                    end = from + static_cast<std::uint64_t>(block.rend() - last);
                }
                from = to;
            }
            at += bytes->size();
        }
        return !hole && std::min(block_end(end - 1), readable_) > end + zeros_by_nature;
    }

  private:
    Disk& disk_;
    const File& file_;
    const std::uint64_t readable_;
    std::vector<std::byte> window_;
};

// Whether something stands in each block that an entry of `length` bytes touches. `bytes` begins with the entry.
bool written_whole(Bytes bytes, std::uint64_t at, std::size_t length) {
    for (std::uint64_t from = at; from < at + length;) {
        const std::uint64_t to = std::min(block_end(from), at + bytes.size());
        if (all_zero(bytes.subspan(from - at, to - from))) return false;
        from = to;
    }
    return true;
}

}  // namespace

Tail inspect_tail(Disk& disk, const File& file, const Header& header, std::uint64_t at, std::uint32_t ordinal,
                  std::uint64_t readable) {
    const std::uint32_t seed = checksum_seed(header);
    TailReader reader(disk, file, readable);
    Tail seen{What::nothing, 0, at, {}};
    const auto so_far = [&seen](What what) { return Tail{what, seen.entries, seen.bytes, seen.whole}; };
    while (at + head_bytes <= readable) {
        const auto bytes = reader.read(at);
        if (!bytes) return so_far(What::damaged);
        if (bytes->size() < head_bytes || all_zero(bytes->first(head_bytes))) break;
        auto head = parse_head(bytes->data());
        if (head && head->ordinal != ordinal) head.reset();
        const std::size_t length = head ? entry_bytes(head->length) : head_bytes;
        const bool whole = bytes->size() >= length && written_whole(*bytes, at, length);
        if (!whole && !reader.ends_by_itself(at)) return so_far(What::unfinished);
        if (head && head->kind == seal_kind) return so_far(What::damaged);
        const bool good = whole && head && validates(bytes->data(), *head, seed);
        at += std::min(length, bytes->size());
        seen = {good ? What::unfinished : What::damaged, seen.entries + 1, at, seen.whole};
        if (good) ++seen.whole[head->kind];
        ++ordinal;
        if (!whole || !head || head->last_of_batch) return so_far(What::damaged);
    }
    return seen;
}

}  // namespace outrigger::journal
