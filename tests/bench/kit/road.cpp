#include "tests/bench/kit/road.h"

#include <chrono>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "agent/sinks/statsd/packet.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto between_flushes = 100ms;  // not the sink's 2 s: a benchmark is over by then
constexpr std::size_t packet_bytes = 8192;

}  // namespace

Road::Road() : fold_(fold::FoldSettings{}) {
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
    journal_flush({.step = journal::FlushStep::on});
    flusher_ = std::jthread([this](const std::stop_token& stopped) { flush_on(stopped); });
}

Road::~Road() {
    flusher_.request_stop();
    flusher_.join();
    intake_->stop(10s);
    writer_->stop(10s);
    intake_.reset();
    writer_.reset();
}

void Road::journal_flush(const journal::Flush& flush) {
    std::vector<std::byte> payload;
    journal::append(payload, flush);
    writer_->add_own({.kind = journal::Kind::flush}, payload);
}

// As the sink's thread does it.
void Road::flush_on(const std::stop_token& stopped) {
    for (std::uint64_t id = 1; !stopped.stop_requested(); ++id) {
        std::this_thread::sleep_for(between_flushes);
        journal_flush({.step = journal::FlushStep::begin, .id = id});
        const auto deltas = fold_.take_flush(id, std::chrono::steady_clock::now() + 10s);
        if (!deltas) return;
        statsd::Packer packer(packet_bytes, [](const statsd::Packet&) {});
        render(*deltas, statsd::Naming{}, packet_bytes,
               [&](std::string_view lines, const statsd::Piece& piece) { packer.add(lines, piece); });
        packer.finish();
        flushed_events_ += deltas->events;
        journal_flush({.step = journal::FlushStep::end, .id = id, .delivered = deltas->events});
    }
}

}  // namespace outrigger::bench
