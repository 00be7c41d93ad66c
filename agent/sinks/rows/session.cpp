#include "agent/sinks/rows/session.h"

#include <spdlog/fmt/fmt.h>

#include "agent/sinks/rows/connection.h"
#include "agent/sinks/rows/connector.h"
#include "agent/sinks/rows/copy_row.h"

namespace outrigger::rows {

namespace {

Table to_table(const pqxx::result& result) {
    Table table;
    for (const auto& row : result) {
        auto& cells = table.emplace_back();
        for (const auto& field : row)
            cells.push_back(field.is_null() ? std::nullopt : std::optional<std::string>(field.c_str()));
    }
    return table;
}

pqxx::result run(pqxx::work& work, const std::string& sql, const std::vector<std::string>& parameters) {
    if (parameters.empty()) return work.exec(sql);
#if PQXX_VERSION_MAJOR < 7
    return work.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
#else
    pqxx::params list;
    for (const auto& one : parameters) list.append(one);
    return work.exec_params(sql, list);
#endif
}

// In pieces, so that libpq does not keep a second copy of all of it, and that something else can be done while the
// server has its hands full.
bool put(PGconn* raw, std::string_view data, const Meanwhile& meanwhile = {}) {
    constexpr std::size_t piece = 256 * 1024;
    bool more = static_cast<bool>(meanwhile);
    for (std::size_t at = 0; at < data.size(); at += piece) {
        const auto part = data.substr(at, piece);
        if (PQputCopyData(raw, part.data(), static_cast<int>(part.size())) != 1) return false;
        if (at > 0 && more) more = meanwhile();
    }
    return true;
}

}  // namespace

std::expected<Session, DatabaseError> Session::open(Connector& connector, const std::optional<std::string>& password,
                                                    Lifeline& lifeline, TimeLimits limits) {
    auto handle = connector.connect(password);
    if (!handle) return std::unexpected(handle.error());
    try {
        return Session(std::make_unique<Connection>(handle->release(), lifeline), limits);
    } catch (const std::exception& error) {
        return std::unexpected(DatabaseError{Trouble::connection, "", one_line(error.what())});
    }
}

Session::Session(std::unique_ptr<Connection> connection, TimeLimits limits)
    : connection_(std::move(connection)), limits_(limits), limit_(limits.answer) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() {
    if (connection_) roll_back();
}

Lifeline::Call Session::call() const { return Lifeline::Call(connection_->lifeline(), limit_); }

std::expected<Table, DatabaseError> Session::execute(const std::string& sql) {
    const auto limited = call();
    return connection_->guarded([&] {
        pqxx::nontransaction work(connection_->pqxx());
        return to_table(work.exec(sql));
    });
}

std::expected<Row, DatabaseError> Session::ask(const std::string& sql) {
    auto answer = execute(sql);
    if (!answer) return std::unexpected(answer.error());
    if (answer->size() != 1)
        return std::unexpected(
            DatabaseError{Trouble::hold, "", std::to_string(answer->size()) + " rows where one is the answer"});
    return std::move(answer->front());
}

std::expected<void, DatabaseError> Session::begin() {
    const auto limited = call();
    connection_->unreplicated = false;
    return connection_->guarded([&] {
        connection_->work.reset();
        connection_->work = std::make_unique<pqxx::work>(connection_->pqxx());
    });
}

std::expected<Table, DatabaseError> Session::query(const std::string& sql, const std::vector<std::string>& parameters) {
    const auto limited = call();
    return connection_->guarded([&] { return to_table(run(*connection_->work, sql, parameters)); });
}

std::expected<std::uint64_t, DatabaseError> Session::change(const std::string& sql,
                                                            const std::vector<std::string>& parameters) {
    const auto limited = call();
    return connection_->guarded(
        [&] { return static_cast<std::uint64_t>(run(*connection_->work, sql, parameters).affected_rows()); });
}

std::expected<std::uint64_t, DatabaseError> Session::copy(std::span<const char> tuples, const Meanwhile& meanwhile) {
    const auto limited = call();
    PGconn* raw = connection_->raw();
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
    static const std::string statement = fmt::format("COPY request_log ({}) FROM STDIN (FORMAT binary)", columns);
    const Result start(PQexec(raw, statement.c_str()), &PQclear);
    if (PQresultStatus(start.get()) != PGRES_COPY_IN) return std::unexpected(connection_->error_of(start.get()));
    bool sent = put(raw, copy_header) && put(raw, {tuples.data(), tuples.size()}, meanwhile) && put(raw, copy_trailer);
    if (sent) sent = PQputCopyEnd(raw, nullptr) == 1;
    while (sent && meanwhile && meanwhile()) {
    }
    std::expected<std::uint64_t, DatabaseError> outcome = std::unexpected(connection_->last_error());
    while (PGresult* next = PQgetResult(raw)) {
        const Result result(next, &PQclear);
        if (PQresultStatus(next) == PGRES_COMMAND_OK)
            outcome = std::strtoull(PQcmdTuples(next), nullptr, 10);
        else
            outcome = std::unexpected(connection_->error_of(next));
        if (PQstatus(raw) != CONNECTION_OK || PQresultStatus(next) == PGRES_COPY_IN) break;
    }
    if (!sent && outcome) return std::unexpected(connection_->last_error());
    return outcome;
}

std::expected<void, DatabaseError> Session::commit() {
    const auto limited = call();
    // Of a transaction that failed, COMMIT would make a ROLLBACK without a word.
    if (PQtransactionStatus(connection_->raw()) == PQTRANS_INERROR)
        return std::unexpected(DatabaseError{Trouble::resource, "", "the transaction has failed before its commit"});
    auto done = connection_->guarded([&] { connection_->work->commit(); });
    connection_->work.reset();
    if (done && connection_->unreplicated)
        return std::unexpected(
            DatabaseError{Trouble::connection, "", "a commit did not wait for its standby: whether it stays is open"});
    return done;
}

void Session::roll_back() noexcept {
    const auto limited = call();
    try {
        connection_->work.reset();
    } catch (const std::exception&) {  // the connection is gone, and the transaction with it
    }
}

}  // namespace outrigger::rows
