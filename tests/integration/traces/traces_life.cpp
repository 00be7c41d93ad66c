#include "tests/integration/traces/traces_life.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "agent/books/book.h"
#include "shared/utc_clock.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::traces {
namespace {

std::unique_ptr<journal::Journal> open_journal(const std::filesystem::path& folder) {
    journal::JournalSettings settings;
    settings.folder = folder / "journal";
    settings.fallback = folder / "fallback";
    settings.durability = journal::Durability::process;
    auto journal = journal::Journal::open(settings, 0);
    if (!journal) throw std::runtime_error(journal.error().what);
    return std::move(*journal);
}

std::vector<std::byte> to_record(const std::string& path) {
    RequestEvent event;
    event.method = "GET";
    event.route = "/p";
    event.path = path;
    event.status = 200;
    event.duration_us = 1000;
    const auto measured = measure(event);
    if (!measured) throw std::runtime_error("the test's event is refused");
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    return record;
}

}  // namespace

TracesLife::TracesLife(const std::filesystem::path& folder, TracesSettings settings, const books::Cursor& cursor)
    : journal_(open_journal(folder)), tally_(cursor) {
    const auto mark = journal_->mark();
    const std::uint64_t next = std::max(mark.position, cursor.position) + 1;
    settings.took_rates = [this](RateTable rates) {
        const std::lock_guard lock(mutex_);
        rates_ = std::move(rates);
    };
    TracesParts parts{*journal_,
                      tally_,
                      next,
                      [](const std::string&) { return std::string(); },
                      [](const std::map<std::string, std::string>&) -> std::expected<void, Error> { return {}; },
                      [this](const std::string& line) {
                          const std::lock_guard lock(mutex_);
                          said_.push_back(line);
                      }};
    sink_ = std::make_unique<TracesSink>(std::move(settings), std::move(parts));
    journal::WriterHooks hooks{[] {}, [](const journal::Entry&) {}, [] {}, [](std::span<const journal::Receipt>) {},
                               [](std::string_view) {}};
    writer_ = std::make_unique<journal::Writer>(*journal_, next, mark.counts, hooks);
}

TracesLife::~TracesLife() {
    writer_->stop(std::chrono::seconds(5));
    sink_.reset();
    writer_.reset();
}

void TracesLife::offer(int requests, int first, std::size_t padding) {
    const auto before = journal_->mark().position;
    for (int sent = 0; sent < requests;) {
        journal::Batch batch;
        for (; sent < requests && batch.bytes() < journal::Batch::full_bytes; ++sent) {
            journal::Envelope envelope;
            envelope.start = journal::Start::arrival;
            envelope.arrival_us = utc_us();
            const auto record = to_record("/p?n=" + std::to_string(first + sent) +
                                          (padding == 0 ? "" : "&" + std::string(padding, 'x')));
            batch.add(envelope, record);
        }
        while (!writer_->offer(batch)) std::this_thread::yield();
    }
    const auto wanted = before + static_cast<std::uint64_t>(requests);
    if (!peers::eventually(std::chrono::seconds(10), [&] { return journal_->mark().position >= wanted; }))
        throw std::runtime_error("the journal does not keep");
}

std::int64_t TracesLife::difference() const {
    const auto cursor = tally_.cursor();
    return books::balance(cursor, journal::requests(journal_->mark().counts)).difference;
}

std::uint64_t TracesLife::pending() const {
    const auto cursor = tally_.cursor();
    return books::balance(cursor, journal::requests(journal_->mark().counts)).pending;
}

bool TracesLife::done(std::chrono::milliseconds deadline) const {
    return peers::eventually(deadline, [&] { return pending() == 0; });
}

std::vector<std::string> TracesLife::said() const {
    const std::lock_guard lock(mutex_);
    return said_;
}

std::size_t TracesLife::times_said(const std::string& part) const {
    const auto lines = said();
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [&](const auto& line) { return line.contains(part); }));
}

RateTable TracesLife::rates() const {
    const std::lock_guard lock(mutex_);
    return rates_;
}

TracesSettings settings_for(int port) {
    TracesSettings settings;
    settings.target.host = "127.0.0.1";
    settings.target.port = static_cast<std::uint16_t>(port);
    settings.service = "shop";
    settings.own_version = "9.9";
    return settings;
}

TracesSettings settings_for(const peers::FakeTraceAgent& agent) { return settings_for(agent.port()); }

}  // namespace outrigger::traces
