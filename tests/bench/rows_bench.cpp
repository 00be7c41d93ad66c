// Rows a second from the journal into a private Postgres: the whole sink, beside a raw binary COPY of the same tuples
// in the same cluster, in one transaction and in transactions of as many rows as the sink's. Rounds take turns; what
// counts is the ratio of their medians, since the machine's speed drifts.
#define DOCTEST_CONFIG_IMPLEMENT  // what starts Postgres belongs to the tests
#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "agent/sinks/rows/batch_size.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/rows/rows.h"
#include "agent/sinks/rows/schema.h"
#include "tests/bench/typical_request.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace {

using namespace outrigger;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t events = 400'000;
constexpr int rounds = 5;
constexpr std::size_t piece_bytes = 256 * 1024;

struct Cost {
    double seconds;
    double cpu_seconds;      // of this process
    double backend_seconds;  // CPU of the process that serves us
};

// Its time on a core so far: the first number of schedstat, in nanoseconds.
double backend_seconds(long id) {
    double nanoseconds = 0;
    std::ifstream("/proc/" + std::to_string(id) + "/schedstat") >> nanoseconds;
    return nanoseconds / 1e9;
}

class Stopwatch {
  public:
    Cost read() const {
        return {std::chrono::duration<double>(Clock::now() - start_).count(),
                static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC, 0};
    }

  private:
    Clock::time_point start_ = Clock::now();
    std::clock_t cpu_ = std::clock();
};

std::unique_ptr<journal::Journal> make_journal(const std::filesystem::path& folder) {
    journal::JournalSettings settings;
    settings.folder = folder / "journal";
    settings.fallback = folder / "fallback";
    settings.durability = journal::Durability::process;
    auto journal = std::move(*journal::Journal::open(settings, 0));
    const RequestEvent event = bench::typical_request();
    std::vector<std::byte> record(measure(event)->length);
    write(event, *measure(event), record.data());
    journal::WriterHooks hooks{[] {}, [](const journal::Entry&) {}, [] {}, [](std::span<const journal::Receipt>) {},
                               [](std::string_view) {}};
    journal::Writer writer(*journal, 1, {}, hooks);
    journal::Batch batch;
    Identity identity;
    identity.service = "shop";
    identity.env = "prod";
    identity.version = "1.0.3";
    identity.host = "web-1";
    batch.introduce(1, identity);
    for (std::uint64_t number = 1; number <= events; ++number) {
        journal::Envelope envelope;
        envelope.emitter = 1;
        envelope.number = number;
        envelope.start = journal::Start::record;
        envelope.arrival_us = *event.start_us + 2'000;
        batch.add(envelope, record);
        if (batch.bytes() < piece_bytes && number < events) continue;
        while (!writer.offer(batch)) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    writer.stop(std::chrono::seconds(60));
    return journal;
}

// The tuples that the sink would send, in parts as large as its transactions.
std::vector<std::vector<char>> make_tuples(journal::Journal& journal) {
    std::vector<std::vector<char>> parts;
    const auto reader = journal.read_from(0);
    std::size_t rows = 0;
    while (true) {
        const auto& step = reader->next();
        if (step.what != journal::Step::What::entry) return parts;
        if (step.entry.envelope.kind != journal::Kind::request) continue;
        if (rows++ % rows::BatchSize::most == 0) parts.emplace_back();
        rows::append_row(parts.back(), step.entry, {1, "", "", ""});
    }
}

void run(PGconn* connection, const char* statement) {
    PGresult* result = PQexec(connection, statement);
    const auto status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_COPY_IN) throw std::runtime_error(PQerrorMessage(connection));
}

void put(PGconn* connection, std::string_view data) {
    for (std::size_t at = 0; at < data.size(); at += piece_bytes) {
        const auto part = data.substr(at, piece_bytes);
        if (PQputCopyData(connection, part.data(), static_cast<int>(part.size())) != 1)
            throw std::runtime_error(PQerrorMessage(connection));
    }
}

void copy(PGconn* connection, std::span<const std::vector<char>> parts) {
    static const std::string statement =
        "COPY request_log (" + std::string(rows::columns) + ") FROM STDIN (FORMAT binary)";
    run(connection, "BEGIN");
    run(connection, statement.c_str());
    put(connection, rows::copy_header);
    for (const auto& part : parts) put(connection, {part.data(), part.size()});
    put(connection, rows::copy_trailer);
    if (PQputCopyEnd(connection, nullptr) != 1) throw std::runtime_error(PQerrorMessage(connection));
    while (PGresult* result = PQgetResult(connection)) PQclear(result);
    run(connection, "COMMIT");
}

Cost measure_raw(const std::string& uri, std::span<const std::vector<char>> parts, std::size_t parts_at_once) {
    PGconn* connection = PQconnectdb(uri.c_str());
    const Stopwatch watch;
    for (std::size_t at = 0; at < parts.size(); at += parts_at_once)
        copy(connection, parts.subspan(at, std::min(parts_at_once, parts.size() - at)));
    Cost cost = watch.read();
    cost.backend_seconds = backend_seconds(PQbackendPID(connection));
    PQfinish(connection);
    return cost;
}

// From the moment when the ledger has been read until all is stored.
Cost measure_sink(const peers::PostgresCluster& cluster, journal::Journal& journal) {
    std::optional<Stopwatch> watch;
    std::atomic<bool> done{false};
    Cost cost{};
    books::Cursor start;
    start.on = true;
    books::Tally tally(start, [&](const books::Cursor& cursor) {
        if (!watch) watch.emplace();
        cost = watch->read();
        if (cursor.delivered == events) done = true;
    });
    rows::RowsSettings settings;
    settings.postgres = cluster.uri();
    settings.retention = std::chrono::days(36'500);
    std::map<std::string, std::string> facts;
    rows::RowsSink sink(
        settings, {journal, tally, journal.mark().position + 1, [&](const std::string& name) { return facts[name]; },
                   [&](const std::map<std::string, std::string>& kept) -> std::expected<void, Error> {
                       for (const auto& [name, value] : kept) facts[name] = value;
                       return {};
                   },
                   [](const std::string& line) { std::printf("%s\n", line.c_str()); }});
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cost.backend_seconds =
        backend_seconds(cluster.number("SELECT pid FROM pg_stat_activity WHERE application_name = 'outrigger'"));
    return cost;
}

void make_tables(const std::string& uri) {
    rows::Lifeline lifeline;
    auto session = rows::Session::open(uri, std::nullopt, lifeline);
    std::string statements;
    auto schema = rows::Schema::open(*session, statements);
    const auto day = rows::day_of(*bench::typical_request().start_us);
    if (!schema->ensure_partitions(*session, {day}, day)) throw std::runtime_error("no partitions");
}

Cost median(std::array<Cost, rounds> costs) {
    std::ranges::sort(costs, {}, &Cost::seconds);
    return costs[rounds / 2];
}

void say(const char* what, const Cost& cost, const Cost& reference) {
    constexpr double us_per_row = 1e6 / static_cast<double>(events);
    std::printf("%-34s %7.0f rows/s  %.2f of raw  CPU a row: %.2f us in the backend, %.2f us here\n", what,
                static_cast<double>(events) / cost.seconds, reference.seconds / cost.seconds,
                cost.backend_seconds * us_per_row, cost.cpu_seconds * us_per_row);
}

}  // namespace

int main() {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const auto journal = make_journal(folder.path());
    const Stopwatch watch;
    const auto tuples = make_tuples(*journal);
    std::printf("reading the journal and making tuples: %.2f us of CPU a row\n",
                watch.read().cpu_seconds * 1e6 / static_cast<double>(events));
    make_tables(cluster.uri());
    const auto empty = [&] {
        cluster.query("TRUNCATE request_log, outrigger_ledger, outrigger_drops, outrigger_dead_letter");
        cluster.query("CHECKPOINT");
    };
    std::array<Cost, rounds> whole{}, parts{}, sink{};
    for (std::size_t round = 0; round < rounds; ++round) {
        empty();
        whole[round] = measure_raw(cluster.uri(), tuples, tuples.size());
        empty();
        sink[round] = measure_sink(cluster, *journal);
        if (cluster.number("SELECT count(*) FROM request_log") != static_cast<long>(events)) return EXIT_FAILURE;
        empty();
        parts[round] = measure_raw(cluster.uri(), tuples, 1);
    }
    std::printf("%llu rows of %zu bytes, median of %d rounds\n", static_cast<unsigned long long>(events),
                tuples[0].size() / rows::BatchSize::most, rounds);
    say("raw binary COPY, one transaction", median(whole), median(whole));
    say("the same in 10,000s", median(parts), median(whole));
    say("the rows sink", median(sink), median(whole));
}
