#include "tests/fuzz/kit/crash_lives.h"

#include <algorithm>
#include <map>
#include <string>

#include "agent/journal/journal.h"
#include "agent/journal/reader.h"
#include "agent/journal/segment_writer.h"
#include "agent/journal/state.h"
#include "tests/fuzz/kit/crash_disk.h"

namespace outrigger::fuzz {
namespace {

using namespace outrigger::journal;

struct Written {
    Kind kind = Kind::request;
    std::uint64_t number = 0;
    std::string payload;
    bool operator==(const Written&) const = default;
};

// What outlives an agent, and what it promised.
struct Promised {
    std::shared_ptr<CrashDisk> disk = std::make_shared<CrashDisk>();
    std::map<std::uint64_t, Written> entries;  // acknowledged, by position
    std::uint64_t acknowledged = 0;            // the last position
    std::vector<Written> under_way;            // of a batch that was never acknowledged: is there whole, or not at all
    std::uint64_t checkpoint = 0;              // kept elsewhere, durable
    Counts checkpoint_counts{};
    std::uint64_t numbers = 0;  // of the emitter, used so far
};

JournalSettings settings_on(const std::shared_ptr<CrashDisk>& disk) {
    JournalSettings settings;
    settings.folder = "/data/journal";
    settings.size_bytes = std::uint64_t{1} << 20;
    settings.segment_bytes = 8192;
    settings.disk = disk;
    settings.patience = std::chrono::milliseconds{0};
    return settings;
}

Written written(const Entry& entry) {
    return {entry.envelope.kind,
            entry.envelope.number,
            {reinterpret_cast<const char*>(entry.payload.data()), entry.payload.size()}};
}

// Everything behind the checkpoint. What was under way and is there counts as kept from now on.
void expect_promises_kept(Journal& journal, Promised& promised) {
    const auto reader = journal.read_from(promised.checkpoint, promised.checkpoint_counts, Reads::at_start);
    std::uint64_t last = promised.checkpoint;
    std::size_t more = 0;
    for (int retries = 0;;) {
        const Step& step = reader->next();
        if (step.what == Step::What::end) break;
        if (step.what == Step::What::retry) {
            expect(++retries < 100, "the disk answers");
            continue;
        }
        expect(step.what == Step::What::entry, "nothing is lost");
        expect(step.entry.position == ++last, "positions go up by one");
        const Written found = written(step.entry);
        if (last <= promised.acknowledged) {
            expect(promised.entries.at(last) == found, "an entry is what was written at its position");
            continue;
        }
        // A segment begins with who is who.
        const bool expected =
            found.kind == Kind::identity || (more < promised.under_way.size() && promised.under_way[more] == found);
        expect(expected, "no more is found than was written");
        more += found.kind == Kind::identity ? 0 : 1;
        promised.entries[last] = found;
    }
    expect(last >= promised.acknowledged, "what was acknowledged is found");
    expect(more == 0 || more == promised.under_way.size(), "a batch is there whole or not at all");
    expect(last == std::max(journal.mark().position, promised.checkpoint), "a reader comes to the mark");
    expect(reader->counts() == journal.mark().counts, "the counts are those of the mark");
    promised.acknowledged = last;
    promised.under_way.clear();
}

class Life {
  public:
    Life(Journal& journal, Promised& promised)
        : promised_(promised),
          journal_(journal),
          spare_(journal.state()),
          segments_(journal.state(), promised.acknowledged + 1, journal.mark().counts, [](std::string_view) {}) {
        segments_.use(spare_);
        segments_.open(now_);
    }

    void run(Source& chance) {
        const std::size_t batches = 1 + chance.below(12);
        for (std::size_t i = 0; i < batches && !promised_.disk->dead(); ++i) {
            if (!keep(1 + chance.below(4), chance.below(1500))) return;
            const auto then = chance.number<std::uint8_t>();
            if (then % 3 == 0) spare_.make();
            if (then % 16 == 15) forget();
        }
        if (chance.flag()) segments_.close();
    }

  private:
    bool keep(std::size_t entries, std::size_t bytes) {
        Batch batch;
        if (!introduced_) {
            Identity identity;
            identity.emitter[0] = 7;
            identity.service = "shop";
            batch.introduce(1, identity);
        }
        for (std::size_t i = 0; i < entries; ++i) {
            Envelope envelope;
            envelope.number = ++promised_.numbers;
            envelope.kind = envelope.number % 5 == 0 ? Kind::metric : Kind::request;
            envelope.emitter = 1;
            const std::string payload = std::to_string(envelope.number) + std::string(bytes, '.');
            promised_.under_way.push_back({envelope.kind, envelope.number, payload});
            batch.add(envelope, std::as_bytes(std::span(payload)));
        }
        if (!segments_.keep(batch, now_)) return false;
        segments_.each_kept(batch, [&](const Entry& entry) { promised_.entries[entry.position] = written(entry); });
        promised_.under_way.clear();
        introduced_ = true;
        promised_.acknowledged = promised_.entries.rbegin()->first;
        return true;
    }

    void forget() {
        const Mark mark = journal_.mark();
        promised_.checkpoint = mark.position;
        promised_.checkpoint_counts = mark.counts;
        journal_.checkpointed(mark.position);
        journal_.apply_retention(std::chrono::system_clock::now() + std::chrono::hours(1));
    }

    Promised& promised_;
    Journal& journal_;
    SpareSegment spare_;
    SegmentWriter segments_;
    SegmentWriter::Clock::time_point now_{};
    bool introduced_ = false;
};

}  // namespace

std::uint64_t live_through_crashes(Source& chance) {
    Promised promised;
    const std::size_t crashes = 1 + chance.below(4);
    for (std::size_t crash = 0; crash <= crashes; ++crash) {
        const bool last = crash == crashes;
        if (!last) promised.disk->lose_power_at(1 + chance.below(60), chance.flag());
        auto opened = Journal::open(settings_on(promised.disk), promised.checkpoint);
        expect(opened.has_value(), "a journal opens");
        if (!promised.disk->dead()) {
            expect_promises_kept(**opened, promised);
            (*opened)->set_uuid({1, 2, 3});
            Life(**opened, promised).run(chance);
        }
        opened->reset();
        if (!last) promised.disk->power_comes_back(chance);
    }
    return crashes;
}

}  // namespace outrigger::fuzz
