#include "agent/topology.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "agent/books/book.h"
#include "agent/books/cursor_file.h"
#include "agent/books/readiness.h"
#include "agent/fold/checkpoint_files.h"
#include "agent/fold/checkpointer.h"
#include "agent/fold/fold.h"
#include "agent/fold/metric_names.h"
#include "agent/http/door.h"
#include "agent/http/negotiation.h"
#include "agent/http/page.h"
#include "agent/http/status.h"
#include "agent/intake/intake.h"
#include "agent/journal/journal.h"
#include "agent/journal/lock_folder.h"
#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "agent/sinks/metrics/page.h"
#include "agent/sinks/rows/rows.h"
#include "shared/runtime_folder.h"
#include "shared/unix_socket.h"

namespace outrigger {

namespace {

using namespace std::chrono_literals;

constexpr auto stop_deadline = 10s;
constexpr auto intake_share = 3s;

std::int64_t utc_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void say(std::string_view line) { spdlog::warn("{}", line); }

fold::FoldSettings fold_settings(const settings::Settings& settings) {
    fold::FoldSettings out;
    out.names = static_cast<fold::NamingSet>(settings.metric_names);
    out.max_series = settings.max_series;
    out.buckets = settings.buckets;
    out.tag_labels = settings.tag_labels;
    out.service = settings.service;
    out.env = settings.env;
    out.version = settings.version;
    return out;
}

journal::JournalSettings journal_settings(const settings::Settings& settings, const std::string& socket) {
    journal::JournalSettings out;
    out.folder = std::filesystem::path(settings.data_dir) / "journal";
    out.fallback = std::filesystem::path(socket).parent_path() / "journal";
    out.size_bytes = settings.journal_size_bytes;
    out.durability = static_cast<journal::Durability>(settings.durability);
    return out;
}

rows::RowsSettings rows_settings(const settings::Settings& settings) {
    return {*settings.postgres, settings.postgres_password_file, settings.row_retention, settings.service, settings.env,
            settings.version};
}

intake::IntakeSettings intake_settings(const settings::Settings& settings, const std::string& socket) {
    intake::IntakeSettings out;
    out.rings_folder = rings_folder(socket);
    out.max_connections = settings.max_connections;
    if (settings.allow_uids) out.allow_uids = *settings.allow_uids;
    if (settings.allow_gids) out.allow_gids = *settings.allow_gids;
    out.retention = settings.row_retention;
    return out;
}

std::vector<intake::KnownEmitter> known_emitters(const fold::Fold& fold) {
    std::vector<intake::KnownEmitter> known;
    for (const auto& mark : fold.marks()) known.push_back({mark.emitter, mark.uid, mark.number, mark.arrival_us});
    return known;
}

void must(const std::expected<void, Error>& done) {
    if (!done) throw std::runtime_error(done.error().what);
}

// Where --socket says, or in the first of the usual places that can be made and lies on tmpfs.
UnixListener open_listener(const settings::Settings& settings) {
    std::string path;
    if (settings.socket) {
        path = *settings.socket;
        must(make_folder(std::filesystem::absolute(path).parent_path(), ::getuid()));
        if (!on_tmpfs(std::filesystem::absolute(path).parent_path()))
            spdlog::warn("--socket {}: not on tmpfs: rings are written to a disk there, and record() may block", path);
    } else {
        const char* xdg = std::getenv("XDG_RUNTIME_DIR");
        const auto folders =
            runtime_folders(xdg == nullptr ? std::nullopt : std::optional<std::string_view>(xdg), ::getuid());
        const auto folder = find_runtime_folder(folders, ::getuid());
        if (!folder) throw std::runtime_error("--socket: " + folder.error().what);
        path = *folder + "/" + std::string(socket_name);
    }
    must(make_rings_folder(rings_folder(path), settings.socket_group));
    return listen_unix(path, settings.socket_mode, settings.socket_group);
}

}  // namespace

class Topology::Stations {
  public:
    Stations(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective);
    void stop();

  private:
    struct Start {  // where this life of the agent begins
        std::uint64_t position = 1;
        journal::Counts before{};
    };
    Start find_start(const fold::Checkpoint& checkpoint) const;
    void lock_data_dir();
    std::vector<std::filesystem::path> cursor_folders() const;
    void replay();
    void start_rows(const Start& start);
    journal::WriterHooks writer_hooks();
    intake::IntakeHooks intake_hooks();
    fold::Checkpointer::Parts checkpointer_parts();
    std::vector<http::Route> routes();
    http::Response metrics_page(const http::Request& request) const;
    http::Response readiness() const;
    http::Response status() const;
    metrics::AgentFacts facts() const;

    // In the order of life; each is stopped before what stands above it.
    const settings::Settings settings_;
    const std::vector<settings::EffectiveSetting> effective_;
    UnixListener listener_;
    journal::File data_lock_;
    std::unique_ptr<journal::Journal> journal_;
    std::optional<fold::CheckpointFiles> files_;
    std::optional<fold::Fold> fold_;
    std::map<std::string, books::Cursor> resting_cursors_;  // of sinks that are off: kept for when they are on again
    std::optional<books::CursorFile> rows_cursor_file_;
    std::optional<books::Tally> rows_tally_;
    std::optional<fold::Checkpointer> checkpointer_;
    std::optional<fold::MetricNames> metric_names_;
    books::Book book_;
    std::optional<rows::RowsSink> rows_;
    std::optional<journal::Writer> writer_;
    std::atomic<std::uint64_t> bytes_kept_{0};
    std::atomic<std::int64_t> batch_offered_us_{0};  // a batch waits to be kept since then; 0: none does
    std::optional<intake::Intake> intake_;
    std::optional<http::Door> door_;
};

Topology::Stations::Stations(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective)
    : settings_(settings),
      effective_(std::move(effective)),
      listener_(open_listener(settings_)),
      book_([this] { return journal::requests(journal_->mark().counts); }) {
    const auto journal_place = journal_settings(settings_, listener_.path());
    lock_data_dir();
    files_.emplace(settings_.data_dir, journal_place.fallback);
    fold::Checkpoint checkpoint = files_->load();
    const auto kept = books::CursorFile::load("rows", cursor_folders());
    if (kept && kept->position > checkpoint.cursors["rows"].position) checkpoint.cursors["rows"] = *kept;
    for (const auto& file : files_->damaged()) say("checkpoint: " + file + " is damaged; the other one is used");
    std::uint64_t kept_position = 0;
    for (const auto& [sink, cursor] : checkpoint.cursors) kept_position = std::max(kept_position, cursor.position);
    auto journal = journal::Journal::open(journal_place, checkpoint.fold.position, kept_position);
    if (!journal) throw std::runtime_error(journal.error().what);
    journal_ = std::move(*journal);
    fold_.emplace(fold_settings(settings_), checkpoint.fold);
    for (const auto& note : fold_->notes()) spdlog::info("{}", note);
    if (settings_.statsd) say("--statsd is set, and this version has no StatsD sink: nothing is sent there");
    if (settings_.traces) say("--traces is set, and this version has no trace sink: nothing is sent there");
    replay();

    const Start start = find_start(checkpoint);
    resting_cursors_ = checkpoint.cursors;
    checkpointer_.emplace(std::move(*files_), checkpoint.facts, checkpoint.fold.position, checkpointer_parts());
    files_.reset();
    metric_names_.emplace(fold_->snapshot(utc_us(), false).custom);
    book_.add("metrics", [this] {
        books::Health health;
        health.up = true;
        return books::Book::Entry{fold_->cursor(), health};
    });
    book_.add_off("statsd");
    book_.add_off("traces");
    start_rows(start);
    if (const auto written = checkpointer_->write(); !written) say("checkpoint: " + written.error().what);
    writer_.emplace(*journal_, start.position, start.before, writer_hooks());
    checkpointer_->start();
    intake_.emplace(listener_.fd(), intake_settings(settings_, listener_.path()), known_emitters(*fold_),
                    intake_hooks());
    intake_->start();
    door_.emplace(http::Address{settings_.http_host, settings_.http_port}, routes());
    spdlog::info("listening on {} and http://{}:{}, data in {}", listener_.path(), settings_.http_host, door_->port(),
                 settings_.data_dir);
}

// A directory that cannot be written does not keep the agent from running: it says so and uses the fallback.
void Topology::Stations::lock_data_dir() {
    auto lock = journal::lock_folder(settings_.data_dir);
    if (lock)
        data_lock_ = std::move(*lock);
    else if (lock.error().kind == ErrorKind::fatal)
        throw AlreadyOwned(lock.error().what);
    else
        say("--data-dir " + settings_.data_dir + ": " + lock.error().what);
}

std::vector<std::filesystem::path> Topology::Stations::cursor_folders() const {
    return {settings_.data_dir, journal_settings(settings_, listener_.path()).fallback};
}

// Everything the journal holds beyond the checkpoint, folded as if it had just arrived.
void Topology::Stations::replay() {
    const auto reader = journal_->read_from(fold_->position());
    fold_->batch_begins();
    while (true) {
        const journal::Step& step = reader->next();
        if (step.what == journal::Step::What::end) break;
        if (step.what == journal::Step::What::entry) fold_->apply(step.entry);
        if (step.what == journal::Step::What::lost)
            fold_->lost(step.last, step.counts, step.reason == journal::LossReason::damaged);
        if (step.what == journal::Step::What::retry) throw std::runtime_error("journal: cannot be read for replay");
    }
    fold_->batch_ends();
}

// Positions are never used twice: beyond whatever was kept, checkpointed or handled by a sink.
Topology::Stations::Start Topology::Stations::find_start(const fold::Checkpoint& checkpoint) const {
    const journal::Mark mark = journal_->mark();
    std::uint64_t last = std::max(mark.position, checkpoint.fold.position);
    std::uint64_t requests = std::max(journal::requests(mark.counts), checkpoint.fold.counters.requests);
    for (const auto& [sink, cursor] : checkpoint.cursors) {
        last = std::max(last, cursor.position);
        requests = std::max(requests, cursor.requests);
    }
    Start start{last + 1, mark.counts};
    start.before[static_cast<std::size_t>(journal::Kind::request)] = requests;
    return start;
}

void Topology::Stations::start_rows(const Start& start) {
    if (!settings_.postgres) {
        book_.add_off("rows");
        return;
    }
    rows_cursor_file_.emplace("rows", cursor_folders());
    rows_tally_.emplace(resting_cursors_["rows"],
                        [this](const books::Cursor& cursor) { rows_cursor_file_->save(cursor); });
    journal_->needed_after(rows_tally_->cursor().position);
    resting_cursors_.erase("rows");
    book_.add("rows", *rows_tally_);
    rows::RowsParts parts{
        *journal_,
        *rows_tally_,
        start.position,
        [this](const std::string& name) { return checkpointer_->fact(name); },
        [this](const std::map<std::string, std::string>& facts) { return checkpointer_->keep(facts); },
        [](const std::string& line) { say(line); }};
    rows_.emplace(rows_settings(settings_), std::move(parts));
}

fold::Checkpointer::Parts Topology::Stations::checkpointer_parts() {
    return {.cursors =
                [this] {
                    auto cursors = resting_cursors_;
                    cursors["metrics"] = fold_->cursor();
                    if (rows_tally_) cursors["rows"] = rows_tally_->cursor();
                    return cursors;
                },
            .copy = [this] { return fold_->checkpoint_copy(); },
            .journal_bytes_written =
                [this] {
                    // A journal without room for its next segments does not wait for 64 MiB.
                    if (journal_->wants_checkpoint())
                        bytes_kept_.fetch_add(std::uint64_t{64} << 20, std::memory_order_relaxed);
                    return bytes_kept_.load(std::memory_order_relaxed);
                },
            .checkpointed =
                [this](std::uint64_t position) {
                    journal_->checkpointed(position);
                    if (rows_tally_) journal_->needed_after(rows_tally_->cursor().position);
                    journal_->apply_retention(std::chrono::system_clock::now());
                },
            .state_changed = say};
}

journal::WriterHooks Topology::Stations::writer_hooks() {
    return {.batch_begins = [this] { fold_->batch_begins(); },
            .kept =
                [this](const journal::Entry& entry) {
                    bytes_kept_.fetch_add(entry.payload.size(), std::memory_order_relaxed);
                    fold_->apply(entry);
                },
            .batch_ends = [this] { fold_->batch_ends(); },
            .acknowledged =
                [this](std::span<const journal::Receipt> receipts) {
                    batch_offered_us_.store(0, std::memory_order_relaxed);
                    intake_->kept(receipts);
                },
            .state_changed = say};
}

intake::IntakeHooks Topology::Stations::intake_hooks() {
    return {.offer =
                [this](journal::Batch& batch) {
                    batch_offered_us_.store(utc_us(), std::memory_order_relaxed);
                    return writer_->offer(batch);
                },
            .admit_metric = [this](const MetricView& metric,
                                   std::int64_t now_us) { return metric_names_->admit(metric, now_us); },
            .forget_idle =
                [this](std::int64_t now_us, std::span<const EmitterId> in_use) {
                    fold_->forget_idle(now_us, journal_->status().oldest_position, in_use);
                    std::vector<EmitterId> remembered;
                    for (const auto& mark : fold_->marks()) remembered.push_back(mark.emitter);
                    std::ranges::sort(remembered);
                    return remembered;
                },
            .say = [](const std::string& line) { say(line); }};
}

std::vector<http::Route> Topology::Stations::routes() {
    const auto text = "text/plain; charset=utf-8";
    return {
        {"/metrics", [this](const http::Request& request) { return metrics_page(request); }},
        {"/-/healthy", [text](const http::Request&) { return http::Response{200, text, "alive\n"}; }},
        {"/-/ready", [this](const http::Request&) { return readiness(); }},
        {"/status", [this](const http::Request&) { return status(); }},
        {"/",
         [](const http::Request&) {
             return http::Response{200, std::string(http::page_content_type), http::make_page(OUTRIGGER_VERSION)};
         }},
    };
}

http::Response Topology::Stations::metrics_page(const http::Request& request) const {
    const auto wanted = http::negotiate(request.accept);
    const auto format =
        wanted == http::MetricsFormat::open_metrics ? metrics::Format::openmetrics : metrics::Format::text;
    const auto agent = facts();  // the books before the copy: both may only grow
    const auto snapshot = fold_->snapshot(utc_us(), format == metrics::Format::openmetrics);
    const auto names = static_cast<fold::NamingSet>(settings_.metric_names);
    return {200, std::string(http::content_type(wanted)), metrics::render(snapshot, names, agent, format)};
}

http::Response Topology::Stations::readiness() const {
    const auto journal = journal_->status();
    const std::int64_t now = utc_us();
    const auto found = books::problems(
        book_.read(now), {journal.durable, journal.problem, batch_offered_us_.load(std::memory_order_relaxed)}, now);
    std::string body = found.empty() ? "ready\n" : "";
    for (const auto& problem : found) body += problem + "\n";
    return {found.empty() ? 200 : 503, "text/plain; charset=utf-8", body};
}

http::Response Topology::Stations::status() const {
    const auto snapshot = fold_->snapshot(utc_us(), false);
    const auto journal = journal_->status();
    http::StatusFacts out;
    out.version = OUTRIGGER_VERSION;
    for (const auto& one : effective_) out.settings.push_back({one.name, one.value, one.source});
    out.connections = intake_->counters().connections.load(std::memory_order_relaxed);
    out.emitters = intake_->counters().emitters.load(std::memory_order_relaxed);
    out.emitters_known = snapshot.emitters;
    out.series = snapshot.series;
    out.max_series = settings_.max_series;
    for (const auto& one : snapshot.offenders) out.offenders.push_back({one.name, one.events, one.example});
    out.journal_bytes = journal.bytes;
    out.journal_segments = journal.segments;
    out.journal_position = journal_->mark().position;
    out.journal_oldest = journal.oldest_position;
    out.journal_durable = journal.durable;
    out.journal_problem = journal.problem;
    out.sinks = book_.read(utc_us());
    return {200, "application/json", http::to_json(out)};
}

metrics::AgentFacts Topology::Stations::facts() const {
    metrics::AgentFacts out;
    const auto& counters = intake_->counters();
    const auto journal = journal_->status();
    out.version = OUTRIGGER_VERSION;
    out.service = settings_.service;
    out.env = settings_.env;
    out.app_version = settings_.version;
    out.lines_received = counters.lines.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < out.refused.size(); ++i)
        out.refused[i] = counters.refused[i].load(std::memory_order_relaxed);
    out.emitters = counters.emitters.load(std::memory_order_relaxed);
    out.journal_bytes = journal.bytes;
    out.journal_durable = journal.durable;
    out.sync_bounds.assign(journal::journal_sync_bounds.begin(), journal::journal_sync_bounds.end());
    out.sync_buckets.assign(journal.sync_buckets.begin(), journal.sync_buckets.end());
    out.sync_seconds_sum = journal.sync_seconds_sum;
    out.journal_errors = journal.errors;
    out.journal_errors.emplace_back("checkpoint", checkpointer_->errors());
    out.sinks = book_.read(utc_us());
    out.process = metrics::read_process();
    return out;
}

// Intake first, so that nothing new comes; the door last, so that the end can be watched.
void Topology::Stations::stop() {
    const auto deadline = std::chrono::steady_clock::now() + stop_deadline;
    const auto left = [deadline] {
        return std::max(
            0ms, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
    };
    intake_->stop(std::min<std::chrono::milliseconds>(left(), intake_share));
    if (!writer_->stop(left())) spdlog::warn("stopping: not everything could be kept; it is in the emitters' rings");
    if (rows_ && !rows_->stop(left())) spdlog::info("stopping: rows are pending; they are stored at the next start");
    if (const auto written = checkpointer_->stop(); !written) say("checkpoint: " + written.error().what);
    door_.reset();
    spdlog::info("stopped");
}

Topology::Topology(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective)
    : stations_(std::make_unique<Stations>(settings, std::move(effective))) {}

Topology::~Topology() = default;

void Topology::stop() { stations_->stop(); }

}  // namespace outrigger
