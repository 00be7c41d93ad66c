// Rows from the journal into a private Postgres: the whole sink, beside a raw binary COPY of the same tuples in the
// same cluster (in one transaction, and in transactions of as many rows as the sink's), and beside one INSERT a row.
// The cluster runs without fsync, so that the disk is not what is measured; that flatters the INSERTs most.
#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>

#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "agent/sinks/rows/batch_size.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/rows/rows.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/load.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/tables.h"
#include "tests/bench/kit/typical_request.h"
#include "tests/bench/yardsticks/insert.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

// What was spent on storing: by the clock, here, and in the process of Postgres that serves us.
class Spent {
  public:
    void begin() {
        seconds_ = -wall_seconds();
        here_ = -process_seconds();
    }
    void end() {
        seconds_ += wall_seconds();
        here_ += process_seconds();
    }
    void backend(long process) { backend_ = backend_seconds(process); }
    Values over(std::uint64_t rows) const {
        const auto count = static_cast<double>(rows);
        return {{"wall_per_s", count / seconds_},
                {"wall_ns", seconds_ * 1e9 / count},
                {"cpu_ns", here_ * 1e9 / count},
                {"backend_cpu_ns", backend_ * 1e9 / count}};
    }

  private:
    double seconds_ = 0, here_ = 0, backend_ = 0;
};

std::unique_ptr<journal::Journal> make_journal(const std::filesystem::path& folder, std::uint64_t events) {
    journal::JournalSettings settings;
    settings.folder = folder / "journal";
    settings.fallback = folder / "fallback";
    settings.durability = journal::Durability::process;
    auto journal = std::move(*journal::Journal::open(settings, 0));
    journal::WriterHooks hooks;
    journal::Writer writer(*journal, 1, {}, hooks);
    const std::string record = typical_record();
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
        envelope.arrival_us = *typical_request().start_us + 2'000;
        batch.add(envelope, std::as_bytes(std::span(record)));
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

class Bench {
  public:
    explicit Bench(std::uint64_t rows) : count_(rows), journal_(make_journal(folder_.path(), rows)) {
        make_tables(cluster_.uri());
        parts_ = make_tuples(*journal_);
    }

    Values copy_raw(std::size_t parts_at_once) {
        empty();
        const Session session = connect();
        Spent spent;
        spent.begin();
        const std::span parts(parts_);
        for (std::size_t at = 0; at < parts.size(); at += parts_at_once)
            copy(session.get(), parts.subspan(at, std::min(parts_at_once, parts.size() - at)));
        spent.end();
        spent.backend(PQbackendPID(session.get()));
        return checked(spent, count_);
    }

    Values insert_each(std::uint64_t rows) {
        empty();
        const Insert insert(cluster_.uri());
        Spent spent;
        spent.begin();
        for (std::uint64_t i = 1; i <= rows; ++i) insert.one(i);
        spent.end();
        spent.backend(insert.backend());
        return checked(spent, rows);
    }

    // From the moment when the ledger has been read until all is stored.
    Values store_by_sink() {
        empty();
        Spent spent;
        std::atomic<bool> done{false};
        bool begun = false;
        books::Cursor start;
        start.on = true;
        books::Tally tally(start, [&](const books::Cursor& cursor) {
            if (!std::exchange(begun, true)) spent.begin();
            if (cursor.delivered == count_ && !done) {
                spent.end();
                done = true;
            }
        });
        rows::RowsSettings settings;
        settings.postgres = cluster_.uri();
        settings.retention = std::chrono::days(36'500);
        std::map<std::string, std::string> facts;
        rows::RowsSink sink(
            settings,
            {*journal_, tally, journal_->mark().position + 1, [&](const std::string& name) { return facts[name]; },
             [&](const std::map<std::string, std::string>& kept) -> std::expected<void, Error> {
                 for (const auto& [name, value] : kept) facts[name] = value;
                 return {};
             },
             [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }});
        while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        spent.backend(cluster_.number("SELECT pid FROM pg_stat_activity WHERE application_name = 'outrigger'"));
        return checked(spent, count_);
    }

    Values make_tuples_only() {
        Spent spent;
        spent.begin();
        make_tuples(*journal_);
        spent.end();
        return spent.over(count_);
    }

  private:
    using Session = std::unique_ptr<PGconn, decltype(&PQfinish)>;

    Session connect() const { return {PQconnectdb(cluster_.uri().c_str()), &PQfinish}; }

    static void run(PGconn* connection, const char* statement) {
        PGresult* result = PQexec(connection, statement);
        const auto status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_COPY_IN) throw std::runtime_error(PQerrorMessage(connection));
    }

    static void put(PGconn* connection, std::string_view data) {
        for (; !data.empty(); data.remove_prefix(std::min(data.size(), piece_bytes)))
            if (PQputCopyData(connection, data.data(), static_cast<int>(std::min(data.size(), piece_bytes))) != 1)
                throw std::runtime_error(PQerrorMessage(connection));
    }

    static void copy(PGconn* connection, std::span<const std::vector<char>> parts) {
        run(connection, "BEGIN");
        run(connection, ("COPY request_log (" + std::string(rows::columns) + ") FROM STDIN (FORMAT binary)").c_str());
        put(connection, rows::copy_header);
        for (const auto& part : parts) put(connection, {part.data(), part.size()});
        put(connection, rows::copy_trailer);
        if (PQputCopyEnd(connection, nullptr) != 1) throw std::runtime_error(PQerrorMessage(connection));
        while (PGresult* result = PQgetResult(connection)) PQclear(result);
        run(connection, "COMMIT");
    }

    void empty() const {
        cluster_.query("TRUNCATE request_log, outrigger_ledger, outrigger_drops, outrigger_dead_letter");
        cluster_.query("CHECKPOINT");
    }

    Values checked(const Spent& spent, std::uint64_t rows) const {
        if (cluster_.number("SELECT count(*) FROM request_log") != static_cast<long>(rows))
            throw std::runtime_error("not all rows are there");
        return spent.over(rows);
    }

    std::uint64_t count_;
    peers::PostgresCluster cluster_{{"shared_buffers=128MB"}};  // an eighth is what a COPY may fill
    peers::TemporaryFolder folder_;
    std::unique_ptr<journal::Journal> journal_;
    std::vector<std::vector<char>> parts_;
};

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    const std::uint64_t rows = size.of(400'000, 100'000);
    Bench bench(rows);
    take_turns("rows", "request_log", size.of(7, 5),
               {{"raw binary COPY, one transaction", [&] { return bench.copy_raw(rows); }},
                {"the rows sink", [&] { return bench.store_by_sink(); }},
                {"raw binary COPY, 30,000 rows each", [&] { return bench.copy_raw(1); }},
                {"one INSERT a row", [&] { return bench.insert_each(size.of(4'000, 1'000)); }},
                {"read the journal and make tuples", [&] { return bench.make_tuples_only(); }}});
}

}  // namespace outrigger::bench
