// A journal whose files were damaged anywhere: it opens, what is read of it is what was written and in order, the rest
// is counted to the last entry, and it can be written on.
#include "agent/journal/journal.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <string>

#include "agent/journal/reader.h"
#include "agent/journal/segment_writer.h"
#include "agent/journal/state.h"
#include "tests/fuzz/kit/memory_disk.h"
#include "tests/fuzz/kit/source.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using namespace outrigger::journal;
using fuzz::expect;
using fuzz::MemoryDisk;

namespace {

struct Written {
    Kind kind = Kind::request;
    std::uint64_t number = 0;
    std::vector<std::byte> payload;

    bool is(const Entry& entry) const {
        return kind == entry.envelope.kind && number == entry.envelope.number &&
               std::ranges::equal(payload, entry.payload);
    }
};

// What was written at each position: `first` up to some one, and behind it what was written since.
class History {
  public:
    explicit History(const std::vector<Written>& first) : first_(first), kept_(first.size()) {}

    void forget_from(std::uint64_t position) { kept_ = std::min<std::uint64_t>(kept_, position - 1); }
    void remember(const Entry& entry) { since_.emplace(entry.position, written(entry)); }
    const Written* find(std::uint64_t position) const {
        if (position >= 1 && position <= kept_) return &first_[position - 1];
        const auto found = since_.find(position);
        return found == since_.end() ? nullptr : &found->second;
    }
    std::uint64_t last() const { return since_.empty() ? kept_ : since_.rbegin()->first; }

    static Written written(const Entry& entry) {
        return {entry.envelope.kind, entry.envelope.number, {entry.payload.begin(), entry.payload.end()}};
    }

  private:
    const std::vector<Written>& first_;
    std::uint64_t kept_;
    std::map<std::uint64_t, Written> since_;
};

// How much there is to damage: three segments in both, the shorter of which are opened five times as fast.
struct Shape {
    std::uint64_t segment_bytes, batches;
};
constexpr Shape longer{8192, 60}, shorter{2048, 20};

JournalSettings settings_on(std::shared_ptr<Disk> disk, const Shape& shape, bool fsync) {
    JournalSettings settings;
    settings.folder = "/data/journal";
    settings.fallback = "/run/journal";
    settings.size_bytes = std::uint64_t{1} << 20;
    settings.segment_bytes = shape.segment_bytes;
    settings.durability = fsync ? Durability::fsync : Durability::process;
    settings.disk = std::move(disk);
    return settings;
}

// Writes batches of entries of several kinds, and tells each.
class Scribe {
  public:
    using Tell = std::function<void(const Entry&)>;
    Scribe(Journal& journal, std::uint64_t first, const Counts& before, Tell tell)
        : segments_(journal.state(), first, before, [](std::string_view) {}), tell_(std::move(tell)) {
        segments_.open({});
    }
    void write(std::uint64_t batches, std::string_view what) {
        for (std::uint64_t each = 0; each < batches; ++each) {
            Batch batch;
            if (each == 0) {
                Identity identity;
                identity.emitter[0] = 7;
                identity.service = "shop";
                batch.introduce(1, identity);
            }
            for (std::uint64_t count = 0; count <= each % 4; ++count) add(batch, what);
            expect(segments_.keep(batch, {}), "a batch is kept");
            segments_.each_kept(batch, tell_);
        }
    }
    void close() { segments_.close(); }

  private:
    void add(Batch& batch, std::string_view what) {
        ++number_;
        Envelope envelope;
        envelope.kind = number_ % 5 == 0 ? Kind::metric : number_ % 7 == 0 ? Kind::torn : Kind::request;
        envelope.emitter = 1;
        envelope.number = number_;
        envelope.arrival_us = static_cast<std::int64_t>(1'000'000 + number_);
        const std::string payload = std::string(what) + std::to_string(number_) + std::string(number_ % 90, '.');
        batch.add(envelope, std::as_bytes(std::span(payload)));
    }

    SegmentWriter segments_;
    Tell tell_;
    std::uint64_t number_ = 0;
};

// A journal of some segments: the last one sealed, or left as a kill leaves it.
struct Original {
    Shape shape;
    MemoryDisk disk;
    std::vector<Written> written;          // at the positions from 1
    std::vector<Counts> counts{Counts{}};  // up to each position
};

Original make_original(const Shape& shape, bool sealed) {
    const auto disk = std::make_shared<MemoryDisk>();
    std::vector<Written> written;
    auto journal = Journal::open(settings_on(disk, shape, true), 0);
    (*journal)->set_uuid({1, 2, 3});
    Scribe scribe(**journal, 1, {}, [&](const Entry& entry) {
        expect(entry.position == written.size() + 1, "positions go up by one");
        written.push_back(History::written(entry));
    });
    scribe.write(shape.batches, "first");
    if (sealed) scribe.close();
    Original original{shape, MemoryDisk(*disk), std::move(written)};
    for (const auto& each : original.written) {
        Counts counts = original.counts.back();
        ++counts[static_cast<std::size_t>(each.kind)];
        original.counts.push_back(counts);
    }
    return original;
}

const Original& original(bool of_longer, bool sealed) {
    static const std::array<Original, 4> all = {make_original(shorter, false), make_original(shorter, true),
                                                make_original(longer, false), make_original(longer, true)};
    return all[(of_longer ? 2U : 0U) + (sealed ? 1U : 0U)];
}

// Not with the very bytes of the input: libFuzzer sees what a checksum is compared with, puts that into the next input
// and so forges an entry, which no damage does. Here each byte depends on all of them.
void overwrite(MemoryDisk::Content::iterator at, Bytes bytes) {
    std::uint32_t mix = 2'166'136'261;
    for (const std::byte each : bytes) mix = (mix ^ std::to_integer<std::uint32_t>(each)) * 16'777'619;
    for (const std::byte each : bytes) {
        *at++ = each ^ static_cast<std::byte>(mix >> 24);
        mix = mix * 1'664'525 + 1'013'904'223;
    }
}

void damage(MemoryDisk& disk, fuzz::Source& source) {
    std::vector<std::filesystem::path> names;
    for (const auto& [path, content] : disk.files()) names.push_back(path);
    if (names.empty()) return;
    const auto& path = names[source.below(names.size())];
    auto& content = *disk.files().at(path);
    const std::size_t kind = source.below(9);
    const std::size_t at = content.empty() ? 0 : source.below(content.size());
    const std::size_t length = std::min<std::size_t>(source.number<std::uint8_t>(), content.size() - at);
    const auto begin = content.begin() + static_cast<std::ptrdiff_t>(at);
    if (kind <= 2 && at < content.size()) {
        content[at] ^= static_cast<std::byte>(1 + source.below(255));
    } else if (kind == 3) {
        std::fill_n(begin, length, std::byte{0});
    } else if (kind == 4) {
        content.resize(at);
    } else if (kind == 5) {
        content.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
    } else if (kind == 6) {
        content.resize(content.size() + 8 * length);
    } else if (kind == 7) {
        overwrite(begin, source.take(length));
    } else if (source.flag()) {
        disk.remove(path);
    } else {
        disk.files()["/data/journal/" + std::string(source.text())] = std::make_shared<MemoryDisk::Content>(content);
    }
}

// Everything from `from` on, where the journal had `counts`, as one reader hands it out. No entry ever had a position
// from `first_skipped` to `last_skipped`, as far as the journal knows.
void read_all(Journal& journal, std::uint64_t from, const Counts& counts, const History& written,
              std::uint64_t first_skipped = 1, std::uint64_t last_skipped = 0) {
    const auto reader = journal.read_from(from, counts);
    const Counts before = reader->counts();
    const Mark mark = journal.mark();
    std::uint64_t last = std::min(from, mark.position);
    Counts told{};
    for (int steps = 0;; ++steps) {
        expect(steps < 10'000, "reading comes to an end");
        const Step& step = reader->next();
        if (step.what == Step::What::end) break;
        expect(step.what != Step::What::retry, "this disk answers");
        if (step.what == Step::What::lost) {
            expect(step.first == last + 1 && step.last >= step.first, "a loss lies right behind what came before it");
            const auto counted = std::accumulate(step.counts.begin(), step.counts.end(), std::uint64_t{0});
            // Of what a checkpoint knows and the journal lost, only requests are counted.
            const bool skipped = step.first <= last_skipped && step.last >= first_skipped;
            const std::uint64_t positions = step.last - step.first + 1;
            if (from == 0)
                expect(skipped ? counted <= positions : counted == positions, "a loss is counted to the last entry");
            else
                expect(skipped || counted >= positions, "a loss behind a cursor is counted to the last entry");
            for (std::size_t kind = 0; kind < told.size(); ++kind) told[kind] += step.counts[kind];
            last = step.last;
            continue;
        }
        const Entry& entry = step.entry;
        expect(entry.position == last + 1, "positions go up by one");
        last = entry.position;
        ++told[static_cast<std::size_t>(entry.envelope.kind)];
        const Written* const was = written.find(last);
        expect(was != nullptr, "an entry was written");
        expect(was->is(entry), "an entry is what was written at its position");
    }
    expect(last == journal.mark().position, "a reader comes to the mark");
    // In a segment without a seal, what is missing counts as a request, unless somebody knows better: who begins at a
    // cursor told the journal. So what was handed out and lost is what the mark says, and nothing is pending for ever.
    if (from != 0) {
        expect(from > mark.position || journal::requests(reader->counts()) == journal::requests(mark.counts),
               "a reader that comes to the mark has as many requests as the mark");
        expect(from > mark.position ||
                   journal::requests(counts) + journal::requests(told) == journal::requests(mark.counts),
               "what a cursor had and what it was handed since is what the mark says");
        return;
    }
    expect(reader->counts() == told && before == Counts{}, "what was handed out and what was lost is all there is");
}

}  // namespace

FUZZ_TARGET(journal) {
    fuzz::Source source(input);
    const auto flags = source.number<std::uint8_t>();
    // One input in 64 damages the longer one. libFuzzer would choose no other if it could.
    unsigned sum = 0;
    for (const std::byte each : input) sum += std::to_integer<unsigned>(each);
    const Original& whole = original(sum % 64 == 0, (flags & 1) != 0);
    const bool fsync = (flags & 2) != 0;
    const std::uint64_t checkpoint = (flags & 4) != 0 ? source.below(whole.written.size() + 1) : 0;
    const auto disk = std::make_shared<MemoryDisk>(whole.disk);
    const std::size_t damages = source.below(6);
    for (std::size_t each = 0; each < damages; ++each) damage(*disk, source);

    History written(whole.written);
    auto settings = settings_on(disk, whole.shape, fsync);
    settings.known = {{checkpoint, journal::requests(whole.counts[checkpoint])}};
    auto opened = Journal::open(settings, checkpoint);
    expect(opened.has_value(), "a journal opens, whatever lies there");
    Journal& journal = **opened;
    const Mark mark = journal.mark();
    // What was written where nothing stood looks like one more entry that was damaged.
    expect(mark.position <= whole.written.size() + (damages > 0 ? 1 : 0), "no more is found than was written");
    if (damages == 0) expect(mark.position == whole.written.size(), "of an undamaged journal all is found");
    read_all(journal, 0, {}, written);
    if (checkpoint != 0) read_all(journal, checkpoint, whole.counts[checkpoint], written);

    const std::uint64_t first = std::max(mark.position, checkpoint) + 1;
    Counts counts = mark.counts;
    auto& requests = counts[static_cast<std::size_t>(Kind::request)];
    requests = std::max(requests, journal::requests(whole.counts[checkpoint]));
    written.forget_from(first);
    Scribe scribe(journal, first, counts, [&](const Entry& entry) { written.remember(entry); });
    scribe.write(3, "second");
    expect(journal.mark().position == written.last() && written.last() >= first, "a journal can be written on");
    read_all(journal, 0, {}, written, mark.position + 1, first - 1);
    if (checkpoint != 0) read_all(journal, checkpoint, whole.counts[checkpoint], written, mark.position + 1, first - 1);
}
