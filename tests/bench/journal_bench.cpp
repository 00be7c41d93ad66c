// What the journal costs: events through batch, writer and fold hook, beside the same bytes written raw to a
// preallocated file and synced as often; then reading them back, and a start. CPU time is that of the whole process.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <span>
#include <stdexcept>
#include <thread>

#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "shared/file_descriptor.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/load.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {
namespace {

using namespace journal;

constexpr std::size_t envelope_bytes = 40;

class Stopwatch {
  public:
    Values read(std::uint64_t events) const {
        const auto count = static_cast<double>(events);
        const double seconds = wall_seconds() - start_;
        return {{"cpu_ns", (process_seconds() - cpu_) * 1e9 / count},
                {"wall_ns", seconds * 1e9 / count},
                {"wall_per_s", count / seconds}};
    }
    double milliseconds() const { return (wall_seconds() - start_) * 1e3; }

  private:
    double start_ = wall_seconds(), cpu_ = process_seconds();
};

class Bench {
  public:
    Bench(std::uint64_t events, std::size_t batch_bytes) : events_(events), batch_bytes_(batch_bytes) {}

    Values write_journal(Durability durability) {
        std::filesystem::remove_all(settings().folder);
        JournalSettings wanted = settings();
        wanted.durability = durability;
        auto journal = std::move(*Journal::open(wanted, 0));
        std::uint64_t folded = 0;
        std::atomic<std::uint64_t> batches{0};
        WriterHooks hooks;
        hooks.kept = [&](const Entry& entry) { folded += entry.payload.size(); };
        hooks.acknowledged = [&](std::span<const Receipt>) {
            ++batches;
            batches.notify_one();
        };
        const Stopwatch watch;
        Writer writer(*journal, 1, {}, hooks);
        Batch batch;
        Identity identity;
        identity.emitter[0] = 1;
        batch.introduce(1, identity);
        for (std::uint64_t number = 1; number <= events_; ++number) {
            Envelope envelope;
            envelope.emitter = 1;
            envelope.number = number;
            batch.add(envelope, std::as_bytes(std::span(record_)));
            if (batch.bytes() < batch_bytes_ && number < events_) continue;
            const std::uint64_t done = batches;
            if (writer.offer(batch)) continue;
            batches.wait(done);  // the writer works on one batch and holds another, which it takes then
            while (!writer.offer(batch)) std::this_thread::yield();
        }
        if (!writer.stop(std::chrono::seconds(60)) || folded < events_ * record_.size())
            throw std::runtime_error("the journal did not take everything");
        return watch.read(events_);
    }

    Values write_raw(bool sync) {
        const auto file = folder_ / "raw";
        const FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        const std::uint64_t bytes = events_ * (envelope_bytes + record_.size());
        if (!descriptor || ::posix_fallocate(descriptor.get(), 0, static_cast<off_t>(bytes)) != 0)
            throw std::runtime_error("no room for " + file.string());
        const std::vector<std::byte> block(batch_bytes_, std::byte{42});
        const Stopwatch watch;
        for (std::uint64_t at = 0; at < bytes; at += batch_bytes_) {
            const ssize_t written = ::pwrite(descriptor.get(), block.data(), block.size(), static_cast<off_t>(at));
            if (written < 0 || (sync && ::fdatasync(descriptor.get()) != 0))
                throw std::runtime_error("cannot write " + file.string());
        }
        const Values values = watch.read(events_);
        std::filesystem::remove(file);
        return values;
    }

    Values read_back() {
        const auto journal = std::move(*Journal::open(settings(), 0));
        const auto reader = journal->read_from(0);
        const Stopwatch watch;
        std::uint64_t entries = 0;
        while (reader->next().what == Step::What::entry) ++entries;
        return watch.read(entries);
    }

    Values start(bool checkpoint_at_the_end) {
        const std::uint64_t end = (*Journal::open(settings(), 0))->mark().position;
        const Stopwatch watch;
        const auto journal = std::move(*Journal::open(settings(), checkpoint_at_the_end ? end : 0));
        return {{"start_ms", watch.milliseconds()},
                {"journal_mib", static_cast<double>(journal->status().bytes) / (1 << 20)}};
    }

  private:
    JournalSettings settings() const {
        JournalSettings settings;
        settings.folder = folder_ / "journal";
        settings.fallback = folder_ / "fallback";
        return settings;
    }

    std::uint64_t events_;
    std::size_t batch_bytes_;
    peers::TemporaryFolder folder_;
    std::string record_ = typical_record();
};

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    for (const std::size_t batch_bytes : {std::size_t{64} << 10, std::size_t{1} << 20}) {
        Bench bench(size.of(500'000, 200'000), batch_bytes);
        take_turns("journal", "batches of " + std::to_string(batch_bytes >> 10) + " KiB", size.of(9, 5),
                   {{"raw pwrite", [&] { return bench.write_raw(false); }},
                    {"journal, process", [&] { return bench.write_journal(Durability::process); }},
                    {"raw pwrite + fdatasync", [&] { return bench.write_raw(true); }},
                    {"journal, fsync", [&] { return bench.write_journal(Durability::fsync); }}});
    }
    Bench bench(size.of(1'000'000, 200'000), std::size_t{1} << 20);
    bench.write_journal(Durability::process);
    take_turns("journal", "read back", size.of(9, 3),
               {{"one reader", [&] { return bench.read_back(); }},
                {"start, all verified", [&] { return bench.start(false); }},
                {"start, checkpoint at the end", [&] { return bench.start(true); }}});
}

}  // namespace outrigger::bench
