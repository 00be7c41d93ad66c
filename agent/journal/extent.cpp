#include "agent/journal/extent.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/journal/scan.h"

namespace outrigger::journal {
namespace {

void count(Recovered& found, Op op) { ++found.errors[static_cast<std::size_t>(op)]; }

// Of what kind lost entries were: the most likely one; a seal or the next header knows.
void add_missing(Extent& extent, std::uint64_t entries) {
    extent.entries += entries;
    extent.missing += entries;
    extent.guessed += entries;
    extent.counts[static_cast<std::size_t>(Kind::request)] += entries;
}

// Up to a position whose count of requests is known, no more of what is missing were requests.
void correct(Extent& extent, const Known& known) {
    auto& requests = extent.counts[static_cast<std::size_t>(Kind::request)];
    if (requests <= known.requests) return;
    const std::uint64_t others = std::min(requests - known.requests, extent.guessed);
    requests -= others;
    extent.guessed -= others;
    extent.counts[static_cast<std::size_t>(Kind::metric)] += others;
}

// One entry, or so many that are missing, is added to `at`, in pieces that end where something is known.
class Guess {
  public:
    Guess(const std::vector<Known>& known, const Header& header) : known_(known), before_(header.first - 1) {}

    void missing(Extent& at, std::uint64_t entries) const {
        while (entries > 0) {
            const Known* next = nullptr;
            for (const Known& each : known_)
                if (each.position > before_ + at.entries && (next == nullptr || each.position < next->position))
                    next = &each;
            const std::uint64_t here =
                next == nullptr ? entries : std::min(entries, next->position - before_ - at.entries);
            add_missing(at, here);
            entries -= here;
            correct_at(at);
        }
    }
    void correct_at(Extent& at) const {
        if (at.guessed == 0) return;
        for (const Known& each : known_)
            if (each.position >= before_ + at.entries) correct(at, each);
    }

  private:
    const std::vector<Known>& known_;
    const std::uint64_t before_;
};

// Of a batch behind which nothing stands some entries are missing, its last one is there: a disk writes blocks in any
// order.
bool was_never_whole(Disk& disk, const File& file, const Segment& segment, const Extent& before) {
    return inspect_tail(disk, file, segment.header, before.bytes, static_cast<std::uint32_t>(before.entries),
                        segment.readable)
               .what != Tail::What::damaged;
}

}  // namespace

std::optional<Extent> measure(Disk& disk, Recovered& found, const Segment& segment, bool last,
                              const std::vector<Known>& known) {
    auto opened = disk.open(segment.path);
    if (!opened) {
        count(found, Op::open);
        return std::nullopt;
    }
    const auto file = std::make_shared<const File>(std::move(*opened));
    SegmentScan scan(disk, file, segment.header);
    Extent whole;
    whole.counts = segment.header.before;
    Extent before = whole;  // its last batch
    Extent at = whole;
    const Guess guess(known, segment.header);
    SegmentScan::What what{};
    while ((what = scan.next(segment.readable)) != SegmentScan::What::end) {
        if (what == SegmentScan::What::retry) {
            count(found, Op::read);
            continue;
        }
        guess.missing(at, scan.head().ordinal - at.entries);
        ++at.entries;
        ++at.counts[scan.head().kind];
        guess.correct_at(at);
        at.bytes = scan.end_offset();
        at.at_us = scan.head().envelope.arrival_us;
        if (scan.head().last_of_batch) before = std::exchange(whole, at);
    }
    if (scan.seal()) {
        at.missing += scan.head().ordinal - at.entries;
        at.entries = scan.head().ordinal;
        at.counts = *scan.seal();
        at.bytes = scan.end_offset();
        at.sealed = true;
        whole = at;
    } else if (last) {
        auto tail = inspect_tail(disk, *file, segment.header, whole.bytes, static_cast<std::uint32_t>(whole.entries),
                                 segment.readable);
        whole.tail = tail.what;
        if (tail.what == Tail::What::nothing && whole.missing > before.missing &&
            was_never_whole(disk, *file, segment, before)) {
            whole = before;
            whole.tail = Tail::What::unfinished;
        }
        if (tail.what == Tail::What::damaged && at.entries > whole.entries) {
            // The batch was written, so what can be read of it counts, also behind a head or a length that leads
            // astray: its ordinals say where it stands.
            whole = at;
            whole.tail = Tail::What::damaged;
            tail = inspect_tail(disk, *file, segment.header, whole.bytes, static_cast<std::uint32_t>(whole.entries),
                                segment.readable);
        }
        if (tail.what == Tail::What::damaged) {
            std::uint64_t good = 0;
            for (std::size_t kind = 0; kind < tail.whole.size(); ++kind) {
                whole.counts[kind] += tail.whole[kind];
                good += tail.whole[kind];
            }
            whole.entries += good;
            guess.missing(whole, tail.entries - good);
            whole.bytes = tail.bytes;
        }
    }
    whole.met_damage = scan.met_damage();
    return whole;
}

}  // namespace outrigger::journal
