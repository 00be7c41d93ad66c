// What the journal costs: events a second through batch, writer and fold hook, beside the same bytes written raw to a
// preallocated file and synced as often; then reading them back, and a start. Writes to the folder given, or here.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <thread>
#include <vector>

#include "agent/journal/reader.h"
#include "agent/journal/writer.h"

namespace {

using namespace outrigger;
using namespace outrigger::journal;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t events = 1'000'000;
constexpr std::size_t record_bytes = 96;

// Wall clock, and CPU of all threads: the second can be trusted on a busy machine.
class Stopwatch {
  public:
    double wall_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double cpu_seconds() const { return static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC; }
    void say(const char* what, std::size_t batch_bytes) const {
        std::printf("%-26s batches of %4zu KiB  %6.2f M events/s  %6.0f ns of CPU an event\n", what, batch_bytes / 1024,
                    static_cast<double>(events) / wall_seconds() / 1e6, cpu_seconds() * 1e9 / events);
    }

  private:
    Clock::time_point start_ = Clock::now();
    std::clock_t cpu_ = std::clock();
};

void write_journal(const std::filesystem::path& folder, Durability durability, std::size_t batch_bytes) {
    std::filesystem::remove_all(folder);
    JournalSettings settings;
    settings.folder = folder;
    settings.durability = durability;
    auto journal = std::move(*Journal::open(settings, 0));
    std::uint64_t folded = 0;
    WriterHooks hooks;
    hooks.kept = [&](const Entry& entry) { folded += entry.payload.size(); };
    const std::vector<std::byte> record(record_bytes, std::byte{42});
    const Stopwatch watch;
    Writer writer(*journal, 1, {}, hooks);
    Batch batch;
    Identity identity;
    identity.emitter[0] = 1;
    batch.introduce(1, identity);
    for (std::uint64_t number = 1; number <= events; ++number) {
        Envelope envelope;
        envelope.emitter = 1;
        envelope.number = number;
        batch.add(envelope, record);
        if (batch.bytes() < batch_bytes && number < events) continue;
        while (!writer.offer(batch)) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    writer.stop(std::chrono::seconds(60));
    watch.say(durability == Durability::fsync ? "journal, fsync" : "journal, process", batch_bytes);
}

void write_raw(const std::filesystem::path& file, std::size_t batch_bytes) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::uint64_t bytes = events * (40 + record_bytes);
    if (descriptor < 0 || ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)) != 0) return;
    const std::vector<std::byte> block(batch_bytes, std::byte{42});
    const Stopwatch watch;
    for (std::uint64_t at = 0; at < bytes; at += batch_bytes)
        if (::pwrite(descriptor, block.data(), block.size(), static_cast<off_t>(at)) < 0 ||
            ::fdatasync(descriptor) != 0)
            break;
    watch.say("raw pwrite + fdatasync", batch_bytes);
    ::close(descriptor);
    std::filesystem::remove(file);
}

void read_journal(const std::filesystem::path& folder) {
    JournalSettings settings;
    settings.folder = folder;
    const Stopwatch first;
    auto journal = std::move(*Journal::open(settings, 0));
    std::printf("start, all %.0f MiB verified   %6.0f ms\n", static_cast<double>(journal->status().bytes) / (1 << 20),
                first.wall_seconds() * 1e3);
    const Stopwatch second;
    journal = std::move(*Journal::open(settings, journal->mark().position));
    std::printf("start, checkpoint at the end %6.0f ms\n", second.wall_seconds() * 1e3);
    const auto reader = journal->read_from(0);
    const Stopwatch watch;
    while (reader->next().what == Step::What::entry) {
    }
    watch.say("one reader", 0);
}

}  // namespace

int main(int count, char** arguments) {
    const std::filesystem::path folder = std::filesystem::path(count > 1 ? arguments[1] : ".") / "journal_bench.tmp";
    for (const std::size_t batch_bytes : {std::size_t{64} << 10, std::size_t{1} << 20}) {
        write_raw(folder.string() + ".raw", batch_bytes);
        write_journal(folder, Durability::fsync, batch_bytes);
        write_journal(folder, Durability::process, batch_bytes);
    }
    read_journal(folder);
    std::filesystem::remove_all(folder);
}
