// The stations between the socket and the series, as topology wires them, in this process: how many times an event is
// the cause of an allocation on its way, and on from the journal into the tuples of a COPY and the chunks of a traces
// payload. The first events, which make series, buffers and segments, are not counted.
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "agent/fold/fold.h"
#include "agent/intake/intake.h"
#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/traces/chunk.h"
#include "shared/unix_socket.h"
#include "tests/bench/kit/allocations.h"
#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {
namespace {

class Road {
  public:
    Road() : fold_(fold::FoldSettings{}) {
        std::filesystem::create_directories(folder_ / "socket.rings");
        journal::JournalSettings settings;
        settings.folder = folder_ / "journal";
        settings.fallback = folder_ / "fallback";
        settings.durability = journal::Durability::process;
        journal_ = std::move(*journal::Journal::open(settings, 0));
        journal::WriterHooks kept;
        kept.batch_begins = [this] { fold_.batch_begins(); };
        kept.kept = [this](const journal::Entry& entry) { fold_.apply(entry); };
        kept.batch_ends = [this] { fold_.batch_ends(); };
        kept.acknowledged = [this](std::span<const journal::Receipt> receipts) {
            if (intake_) intake_->kept(receipts);
        };
        writer_ = std::make_unique<journal::Writer>(*journal_, 1, journal::Counts{}, kept);
        listener_ = std::make_unique<UnixListener>(listen_unix(socket(), 0600));
        intake::IntakeHooks hooks;
        hooks.offer = [this](journal::Batch& batch) { return writer_->offer(batch); };
        hooks.admit_metric = [](const MetricView&, std::int64_t) { return std::expected<void, Refused>(); };
        hooks.forget_idle = [](std::int64_t, std::span<const EmitterId>) { return std::vector<EmitterId>(); };
        hooks.say = [](const std::string&) {};
        intake::IntakeSettings place;
        place.rings_folder = folder_ / "socket.rings";
        intake_ = std::make_unique<intake::Intake>(listener_->fd(), place, std::vector<intake::KnownEmitter>{}, hooks);
        intake_->start();
    }
    ~Road() {
        intake_->stop(std::chrono::seconds(10));
        writer_->stop(std::chrono::seconds(10));
        intake_.reset();
        writer_.reset();
    }

    std::string socket() const { return folder_ / "socket"; }
    journal::Journal& journal() { return *journal_; }

  private:
    peers::TemporaryFolder folder_;
    fold::Fold fold_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<UnixListener> listener_;
    std::unique_ptr<intake::Intake> intake_;
};

Values allocations(std::uint64_t counted, std::uint64_t events) {
    return {{"allocations_an_event", static_cast<double>(counted) / static_cast<double>(events)},
            {"events", static_cast<double>(events)}};
}

Values on_the_road(Road& road, Language language, std::uint64_t events) {
    const Load load = make_load(language);
    Client client(road.socket(), language);
    client.send(load, 200'000);
    client.wait_for_acknowledgement();
    const Allocations counter;
    const std::uint64_t sent = client.send(load, events);
    client.wait_for_acknowledgement();
    return allocations(counter.so_far(), sent);
}

using Append = std::function<void(std::vector<char>&, const journal::Entry&)>;

Values from_journal(Road& road, std::uint64_t events, const Append& append) {
    const auto reader = road.journal().read_from(0);
    std::vector<char> made;
    made.reserve(2 << 20);
    const auto take = [&](std::uint64_t count) {
        for (std::uint64_t taken = 0; taken < count; ++taken) {
            append(made, reader->next().entry);
            if (made.size() > (1 << 20)) made.clear();
        }
    };
    take(10'000);
    const Allocations counter;
    const double cpu = process_seconds();
    take(events);
    auto values = allocations(counter.so_far(), events);
    values.emplace_back("cpu_ns", (process_seconds() - cpu) * 1e9 / static_cast<double>(events));
    return values;
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    Road road;
    const std::uint64_t events = size.of(1'000'000, 200'000);
    report("road", "allocations", "records, to the series", 0, on_the_road(road, Language::records, events));
    report("road", "allocations", "JSON lines, to the series", 0, on_the_road(road, Language::lines, events));
    const auto tuple = [](std::vector<char>& out, const journal::Entry& entry) {
        rows::append_row(out, entry, {1, "", "", ""});
    };
    const auto chunk = [](std::vector<char>& out, const journal::Entry& entry) {
        traces::append_chunk(out, entry, {1, "", "", ""});
    };
    report("road", "allocations", "journal, to tuples", 0, from_journal(road, 100'000, tuple));
    report("road", "allocations", "journal, to chunks", 0, from_journal(road, 100'000, chunk));
}

}  // namespace outrigger::bench
