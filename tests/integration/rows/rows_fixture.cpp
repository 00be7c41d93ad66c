#include "tests/integration/rows/rows_fixture.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "agent/books/book.h"
#include "shared/utc_clock.h"
#include "tests/integration/peers/eventually.h"
#include "tests/unit/shared/encoded.h"

namespace outrigger::rows {

namespace {

constexpr std::uint32_t emitter = 1;

std::unique_ptr<journal::Journal> open_journal(const std::filesystem::path& folder, std::uint64_t position,
                                               std::uint64_t bytes, std::shared_ptr<journal::Disk> disk) {
    journal::JournalSettings settings;
    settings.size_bytes = bytes;
    settings.folder = folder / "journal";
    settings.fallback = folder / "fallback";
    settings.durability = journal::Durability::process;
    settings.disk = std::move(disk);
    auto journal = journal::Journal::open(settings, position);
    if (!journal) throw std::runtime_error(journal.error().what);
    return std::move(*journal);
}

}  // namespace

AgentLife::AgentLife(const std::filesystem::path& folder, SavedCheckpoint checkpoint, RowsSettings settings,
                     std::uint64_t journal_bytes, std::shared_ptr<journal::Disk> disk)
    : journal_(open_journal(folder, 0, journal_bytes, std::move(disk))),
      tally_(checkpoint.cursor),
      facts_(std::move(checkpoint.facts)) {
    const auto mark = journal_->mark();
    const std::uint64_t next = std::max(mark.position, checkpoint.cursor.position) + 1;
    RowsParts parts{*journal_,
                    tally_,
                    next,
                    [this](const std::string& name) {
                        const std::lock_guard lock(mutex_);
                        const auto found = facts_.find(name);
                        return found == facts_.end() ? std::string() : found->second;
                    },
                    [this](const std::map<std::string, std::string>& facts) -> std::expected<void, Error> {
                        const std::lock_guard lock(mutex_);
                        for (const auto& [name, value] : facts) facts_[name] = value;
                        return {};
                    },
                    [this](const std::string& line) {
                        const std::lock_guard lock(mutex_);
                        said_.push_back(line);
                    }};
    sink_ = std::make_unique<RowsSink>(std::move(settings), std::move(parts));
    journal::Counts before = mark.counts;
    before[static_cast<std::size_t>(journal::Kind::request)] =
        std::max(journal::requests(mark.counts), checkpoint.cursor.requests);
    journal::WriterHooks hooks{[] {}, [](const journal::Entry&) {}, [] {}, [](std::span<const journal::Receipt>) {},
                               [](std::string_view) {}};
    writer_ = std::make_unique<journal::Writer>(*journal_, next, before, hooks);
}

AgentLife::~AgentLife() { kill(); }

void AgentLife::offer(std::uint64_t requests, const std::string& path, std::optional<std::int64_t> start_us) {
    journal::Batch batch;
    if (!introduced_) {
        Identity identity;
        identity.service = "shop";
        identity.env = "test";
        batch.introduce(emitter, identity);
        introduced_ = true;
    }
    const auto before = journal_->mark().position;
    for (std::uint64_t i = 0; i < requests; ++i) {
        const std::string endpoint = path + "?n=" + std::to_string(i);
        RequestEvent event;
        event.method = "GET";
        event.route = path;
        event.path = endpoint;
        event.status = 200;
        event.duration_us = 1000;
        const auto record = test::encoded(event);
        journal::Envelope envelope;
        envelope.emitter = emitter;
        envelope.start = journal::Start::arrival;
        envelope.arrival_us = start_us.value_or(utc_us());
        batch.add(envelope, record);
    }
    while (!writer_->offer(batch)) std::this_thread::yield();
    if (!peers::eventually(std::chrono::seconds(10), [&] { return journal_->mark().position >= before + requests; }))
        throw std::runtime_error("the journal does not keep");
}

void AgentLife::offer(const RequestEvent& event) {
    journal::Batch batch;
    journal::Envelope envelope;
    envelope.start = event.start_us ? journal::Start::record : journal::Start::arrival;
    envelope.arrival_us = utc_us();
    const auto record = test::encoded(event);
    batch.add(envelope, record);
    const auto before = journal_->mark().position;
    while (!writer_->offer(batch)) std::this_thread::yield();
    if (!peers::eventually(std::chrono::seconds(10), [&] { return journal_->mark().position > before; }))
        throw std::runtime_error("the journal does not keep");
}

bool AgentLife::stop_sink(std::chrono::milliseconds deadline) { return sink_->stop(deadline); }

void AgentLife::kill() {
    if (writer_) writer_->stop(std::chrono::seconds(5));
    sink_.reset();
    writer_.reset();
}

SavedCheckpoint AgentLife::checkpoint() const {
    const std::lock_guard lock(mutex_);
    return {tally_.cursor(), facts_};
}

std::uint64_t AgentLife::requests() const { return journal::requests(journal_->mark().counts); }

std::int64_t AgentLife::difference() const {
    const auto cursor = tally_.cursor();
    return books::balance(cursor, requests()).difference;
}

std::uint64_t AgentLife::pending() const {
    const auto cursor = tally_.cursor();
    return books::balance(cursor, requests()).pending;
}

std::vector<std::string> AgentLife::said() const {
    const std::lock_guard lock(mutex_);
    return said_;
}

long AgentLife::times_said(const std::string& part) const {
    const auto lines = said();
    return std::ranges::count_if(lines, [&](const std::string& line) { return line.find(part) != line.npos; });
}

void AgentLife::forget_old_segments() {
    journal_->checkpointed(journal_->mark().position);
    journal_->apply_retention(std::chrono::system_clock::now());
}

void cut_connections(const peers::PostgresCluster& cluster) {
    cluster.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outrigger'");
}

bool drained(const AgentLife& life) {
    return peers::eventually(std::chrono::seconds(60), [&] { return life.pending() == 0; });
}

bool down(const AgentLife& life) {
    return peers::eventually(std::chrono::seconds(5),
                             [&] { return !life.health().up && !life.health().last_error.empty(); });
}

RowsSettings settings_for(const peers::PostgresCluster& cluster, const std::string& role) {
    RowsSettings settings;
    settings.postgres = cluster.uri(role);
    settings.service = "agent";
    settings.env = "none";
    settings.version = "1";
    return settings;
}

Stores stores(const peers::PostgresCluster& cluster) {
    const auto rows = cluster.query(R"(
        SELECT (SELECT coalesce(sum(accepted), 0) FROM outrigger_ledger), (SELECT count(*) FROM request_log),
               (SELECT count(DISTINCT (agent, "position")) FROM request_log),
               (SELECT coalesce(sum(events), 0) FROM outrigger_expired),
               (SELECT coalesce(sum(events), 0) FROM outrigger_drops), (SELECT count(*) FROM outrigger_dead_letter))");
    const auto at = [&](std::size_t column) { return std::stol(rows.at(0).at(column)); };
    return {at(0), at(1), at(2), at(3), at(4), at(5)};
}

bool all_stored(const peers::PostgresCluster& cluster, long events, std::chrono::milliseconds deadline) {
    return peers::eventually(deadline, [&] {
        const auto now = stores(cluster);
        return now.rows + now.expired + now.drops + now.dead >= events;
    });
}

}  // namespace outrigger::rows
