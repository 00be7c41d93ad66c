#include "agent/topology/topology.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "agent/books/cursor_file.h"
#include "agent/fold/checkpoint_files.h"
#include "agent/sinks/rows/rows.h"
#include "agent/sinks/traces/traces.h"
#include "agent/topology/room_settings.h"
#include "agent/topology/stations.h"
#include "shared/utc_clock.h"

namespace outrigger {

namespace {

using namespace std::chrono_literals;
using namespace topology;

constexpr auto stop_deadline = 8s;  // who stops containers kills them after 10
constexpr auto intake_share = 3s;
constexpr auto statsd_share = 3s;

}  // namespace

void Topology::Stations::say(std::string_view line) { spdlog::warn("{}", line); }

// The list of sinks, in the order of /status. Two are not in it, being views of the fold, where their pages are: the
// metrics sink, which has no thread and is always on, and StatsD.
std::vector<sinks::SinkStation> Topology::Stations::sink_stations() {
    const auto make_rows = [this](sinks::SinkParts parts) {
        return std::make_unique<rows::RowsSink>(rows_settings(settings_), std::move(parts));
    };
    const auto make_traces = [this](sinks::SinkParts parts) {
        const auto took_rates = [this](traces::RateTable rates) { rates_.put(sampling::Rates(std::move(rates))); };
        return std::make_unique<traces::TracesSink>(traces_settings(settings_, took_rates), std::move(parts));
    };
    return {
        {"traces", settings_.traces.has_value(), make_traces},
        {"rows", settings_.postgres.has_value(), make_rows},
    };
}

Topology::Stations::Stations(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective)
    : settings_(settings),
      effective_(std::move(effective)),
      data_lock_(lock_data_dir(settings_, say)),
      listener_(open_listener(settings_, say)),
      http_listener_(http_address(settings_)),
      journal_settings_(journal_settings(settings_, listener_.path())),
      book_([this] { return journal::requests(journal_->mark().counts); }) {
    allow_descriptors(settings_, say);
    fold::CheckpointFiles files(settings_.data_dir, journal_settings_.fallback, std::make_shared<journal::Disk>());
    fold::Checkpoint checkpoint = files.load(books::CursorFile::history_in(settings_.data_dir));
    for (const auto& file : files.damaged()) say("checkpoint: " + file + " is damaged; the other one is used");
    for (const auto& file : files.foreign())
        say("checkpoint: " + file + " belongs to another data directory's history; what it counted is not taken up");
    const auto stations = sink_stations();
    open_books(checkpoint, stations);
    open_journal(checkpoint);
    const Start start =
        find_start(journal_->mark(), checkpoint.fold.position, fold_->cursor().requests, accounts_->cursors());
    tell_of_lost(*fold_, start);
    checkpointer_.emplace(std::move(files), checkpoint.facts, checkpoint.fold.position, checkpointer_parts());
    metric_names_.emplace(fold_->snapshot(utc_us(), false).custom,
                          fold::MetricNames::StatsdNames{settings_.statsd_names.count, settings_.statsd_names.latency});
    start_sinks(stations, start);
    // Also which journal this is, before anything is written to it.
    const auto written = checkpointer_->keep(fact_of(journal_->uuid()));
    if (!written) say("checkpoint: " + written.error().what);
    writer_.emplace(*journal_, start.position, start.before, writer_hooks());
    start_statsd();
    checkpointer_->start();
    intake_.emplace(listener_.fd(), intake_settings(settings_, listener_.path(), rates_), known_emitters(*fold_),
                    intake_hooks());
    intake_->start();
    reports_.emplace(ReportSources{settings_, effective_, *journal_, *fold_, *checkpointer_, book_, intake_->counters(),
                                   batch_offered_us_});
    door_.emplace(std::move(http_listener_), reports_->routes());
    spdlog::info("listening on {} and http://{}:{}, data in {}", listener_.path(), settings_.http_host, door_->port(),
                 settings_.data_dir);
}

void Topology::Stations::open_books(const fold::Checkpoint& checkpoint,
                                    const std::vector<sinks::SinkStation>& stations) {
    book_.add("metrics", [this] {
        books::Health health;
        health.up = true;
        return books::Book::Entry{fold_->cursor(), health};
    });
    if (settings_.statsd) {
        book_.add("statsd", [this] {
            const auto page = fold_->flush_page();
            auto health = statsd_tally_.health();
            health.oldest_pending_us = page.oldest_pending_us;
            return books::Book::Entry{page.cursor, health};
        });
    } else {
        book_.add_off("statsd");
    }
    accounts_.emplace(checkpoint.cursors, checkpoint.history,
                      std::vector<std::filesystem::path>{settings_.data_dir, journal_settings_.fallback});
    for (const auto& station : stations) accounts_->open(station.name, station.on, book_);
}

void Topology::Stations::open_journal(const fold::Checkpoint& checkpoint) {
    auto settings = journal_settings_;
    settings.uuid = journal_of(checkpoint.facts);
    settings.known = {{checkpoint.fold.position, checkpoint.fold.counters.journaled()}};
    std::uint64_t kept_position = 0;
    for (const auto& [sink, cursor] : accounts_->cursors()) {
        kept_position = std::max(kept_position, cursor.position);
        if (cursor.on) settings.known.push_back({cursor.position, cursor.requests});
    }
    auto journal = journal::Journal::open(settings, checkpoint.fold.position, kept_position);
    if (!journal) throw std::runtime_error(journal.error().what);
    journal_ = std::move(*journal);
    journal_->needed_after(accounts_->needed_after());
    fold_.emplace(fold_settings(settings_), checkpoint.fold);
    for (const auto& note : fold_->notes()) spdlog::info("{}", note);
    replay(*journal_, *fold_);
    if (const auto text = troubles(journal_->status()); !text.empty()) say(text);
}

void Topology::Stations::start_sinks(const std::vector<sinks::SinkStation>& stations, const Start& start) {
    for (const auto& [name, on, make] : stations) {
        if (!on) continue;
        sinks::SinkParts parts{
            .journal = *journal_,
            .tally = accounts_->tally(name),
            .next_position = start.position,
            .fact = [this](const std::string& fact) { return checkpointer_->fact(fact); },
            .keep = [this](const std::map<std::string, std::string>& facts) { return checkpointer_->keep(facts); },
            .say = say};
        sinks_.emplace_back(name, make(std::move(parts)));
    }
}

// The journal is told first whether it is on: so it knows of each event on which side of that it came.
void Topology::Stations::start_statsd() {
    if (!settings_.statsd) {
        if (fold_->flushes_are_on()) journal_flush({.step = journal::FlushStep::off});
        return;
    }
    journal_flush({.step = journal::FlushStep::on});
    statsd_.emplace(
        statsd_settings(settings_),
        statsd::StatsdParts{.due = [this] { return fold_->flush_due(); },
                            .last_flush = [this] { return fold_->last_flush(); },
                            .journal = [this](const journal::Flush& flush) { journal_flush(flush); },
                            .take = [this](std::uint64_t id, auto deadline) { return fold_->take_flush(id, deadline); },
                            .tally = statsd_tally_,
                            .say = say});
}

void Topology::Stations::journal_flush(const journal::Flush& flush) {
    journal::Envelope envelope{.kind = journal::Kind::flush};
    envelope.arrival_us = utc_us();
    std::vector<std::byte> payload;
    journal::append(payload, flush);
    writer_->add_own(envelope, payload);
}

// Intake first, so that nothing new comes; the door last, so that the end can be watched.
void Topology::Stations::stop() {
    const auto deadline = std::chrono::steady_clock::now() + stop_deadline;
    const auto left = [deadline] {
        return std::max(
            0ms, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
    };
    intake_->stop(std::min<std::chrono::milliseconds>(left(), intake_share));
    if (statsd_ && !statsd_->stop(std::min<std::chrono::milliseconds>(left(), statsd_share)))
        spdlog::info("stopping: not everything could be sent to StatsD; the next start goes on with it");
    if (!writer_->stop(left())) spdlog::warn("stopping: not everything could be kept; it is in the emitters' rings");
    for (const auto& [name, sink] : sinks_)
        if (!sink->stop(left())) spdlog::info("stopping: {} are pending; they are stored at the next start", name);
    if (const auto written = checkpointer_->stop(); !written) say("checkpoint: " + written.error().what);
    door_.reset();
    spdlog::info("stopped");
}

Topology::Topology(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective)
    : stations_(std::make_unique<Stations>(settings, std::move(effective))) {}

Topology::~Topology() = default;

void Topology::stop() { stations_->stop(); }

}  // namespace outrigger
