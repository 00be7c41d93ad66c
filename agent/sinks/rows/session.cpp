#include "agent/sinks/rows/session.h"

#include <libpq-fe.h>
#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <pqxx/pqxx>

#include "agent/sinks/rows/copy_row.h"

namespace outrigger::rows {

namespace {

// libpq's messages end in a line break and may run over several lines.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char byte : text) out += byte == '\n' || byte == '\t' ? ' ' : byte;
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

// "COPY request_log, line 17, column message": 17. Only in a server that speaks English.
std::optional<std::size_t> line_in(std::string_view context) {
    constexpr std::string_view mark = ", line ";
    const auto at = context.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t line = 0;
    const auto* first = context.data() + at + mark.size();
    if (std::from_chars(first, context.data() + context.size(), line).ec != std::errc()) return std::nullopt;
    return line;
}

// The first word of each, with what a daemon needs to notice a peer that is gone. What the conninfo says wins.
struct Parameters {
    std::vector<std::string> names, values;
    void add(std::string name, std::string value) {
        names.push_back(std::move(name));
        values.push_back(std::move(value));
    }
};

Parameters make_parameters(const std::string& conninfo, const std::optional<std::string>& password) {
    Parameters out;
    out.add("connect_timeout", "5");
    out.add("keepalives_idle", "10");
    out.add("keepalives_interval", "5");
    out.add("keepalives_count", "3");
    out.add("tcp_user_timeout", "20000");
    out.add("fallback_application_name", "outrigger");
    if (password) out.add("password", *password);
    out.add("dbname", conninfo);  // expanded by libpq, and later words win
    out.add("client_encoding", "UTF8");
    return out;
}

PGconn* connect(const Parameters& parameters) {
    std::vector<const char*> names, values;
    for (std::size_t i = 0; i < parameters.names.size(); ++i) {
        names.push_back(parameters.names[i].c_str());
        values.push_back(parameters.values[i].c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectdbParams(names.data(), values.data(), 1);
}

#if PQXX_VERSION_MAJOR < 7

// Hands libpqxx a connection that we made, and keeps it at hand.
class Policy : public pqxx::connectionpolicy {
  public:
    explicit Policy(const std::string& options) : connectionpolicy(options) {}
    handle do_startconnect(handle original) override {
        return original != nullptr ? original : std::exchange(made, nullptr);
    }
    handle do_completeconnect(handle original) override {
        if (original == nullptr || PQstatus(original) != CONNECTION_OK)
            throw pqxx::broken_connection("the connection is gone");
        return original;
    }
    PGconn* made = nullptr;
};

class Adopted : private Policy, public pqxx::connection_base {
  public:
    explicit Adopted(PGconn* raw) : Policy(""), connection_base(static_cast<pqxx::connectionpolicy&>(*this)) {
        made = raw;
        init();
    }
    ~Adopted() override { close(); }
};

#else

class Adopted : public pqxx::connection {
  public:
    explicit Adopted(PGconn* raw) : pqxx::connection(pqxx::connection::seize_raw_connection(raw)) {}
};

#endif

// libpqxx 6.4 leaves the SQLSTATE out of some of its exceptions, and says it by their type alone.
std::string sqlstate_of(const pqxx::sql_error& error) {
    if (!error.sqlstate().empty()) return error.sqlstate();
    const auto is = [&]<class Type>() { return dynamic_cast<const Type*>(&error) != nullptr; };
    if (is.operator()<pqxx::insufficient_privilege>()) return "42501";
    if (is.operator()<pqxx::undefined_table>()) return "42P01";
    if (is.operator()<pqxx::unique_violation>()) return "23505";
    if (is.operator()<pqxx::check_violation>()) return "23514";
    if (is.operator()<pqxx::integrity_constraint_violation>()) return "23000";
    if (is.operator()<pqxx::data_exception>()) return "22000";
    if (is.operator()<pqxx::insufficient_resources>()) return "53000";
    return "42000";
}

// Its first line: what follows shows the statement.
std::string first_line(std::string_view text) { return one_line(text.substr(0, text.find('\n'))); }

Table to_table(const pqxx::result& result) {
    Table table;
    for (const auto& row : result) {
        auto& cells = table.emplace_back();
        for (const auto& field : row)
            cells.push_back(field.is_null() ? std::nullopt : std::optional<std::string>(field.c_str()));
    }
    return table;
}

}  // namespace

Trouble classify(std::string_view sqlstate, std::string_view message) {
    if (sqlstate.size() != 5) return Trouble::connection;
    const auto type = sqlstate.substr(0, 2);
    if (sqlstate == "23514" && message.find("no partition") != std::string_view::npos) return Trouble::no_partition;
    if (type == "22" || type == "23" || sqlstate == "54001") return sqlstate == "22P04" ? Trouble::hold : Trouble::row;
    if (type == "08" || sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "53300")
        return Trouble::connection;
    if (type == "53" || type == "58" || type == "40" || sqlstate == "55P03" || sqlstate == "57014")
        return Trouble::resource;
    return Trouble::hold;
}

class Session::Connection {
  public:
    explicit Connection(PGconn* raw) : raw_(raw), pqxx_(raw) {}

    PGconn* raw() const { return raw_; }
    Adopted& pqxx() { return pqxx_; }
    std::unique_ptr<pqxx::work> work;

    DatabaseError last_error() const { return {Trouble::connection, "", one_line(PQerrorMessage(raw_)), std::nullopt}; }

    DatabaseError error_of(const PGresult* result) const {
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char* context = PQresultErrorField(result, PG_DIAG_CONTEXT);
        const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        if (state == nullptr || PQstatus(raw_) != CONNECTION_OK) return last_error();
        const std::string message = primary == nullptr ? PQresultErrorMessage(result) : primary;
        return {classify(state, message), state, one_line(message),
                context == nullptr ? std::nullopt : line_in(context)};
    }

    // The one place where libpqxx's exceptions end.
    template <class Work>
    auto guarded(Work&& does) -> std::expected<decltype(does()), DatabaseError> {
        try {
            if constexpr (std::is_void_v<decltype(does())>) {
                does();
                return {};
            } else {
                return does();
            }
        } catch (const pqxx::in_doubt_error& error) {
            return std::unexpected(DatabaseError{Trouble::connection, "", one_line(error.what()), std::nullopt});
        } catch (const pqxx::sql_error& error) {
            const bool alive = PQstatus(raw_) == CONNECTION_OK;
            const std::string state = alive ? sqlstate_of(error) : error.sqlstate();
            const auto trouble = alive ? classify(state, error.what()) : Trouble::connection;
            return std::unexpected(DatabaseError{trouble, state, first_line(error.what()), std::nullopt});
        } catch (const std::exception& error) {
            return std::unexpected(DatabaseError{Trouble::connection, "", one_line(error.what()), std::nullopt});
        }
    }

  private:
    PGconn* raw_;
    Adopted pqxx_;
};

Session::Session(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() {
    if (connection_) roll_back();
}

std::expected<Session, DatabaseError> Session::open(const std::string& conninfo,
                                                    const std::optional<std::string>& password) {
    PGconn* raw = connect(make_parameters(conninfo, password));
    if (raw == nullptr) return std::unexpected(DatabaseError{Trouble::resource, "", "out of memory", std::nullopt});
    if (PQstatus(raw) != CONNECTION_OK) {
        const std::string message = one_line(PQerrorMessage(raw));
        PQfinish(raw);
        return std::unexpected(DatabaseError{Trouble::connection, "", message, std::nullopt});
    }
    PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
    try {
        return Session(std::make_unique<Connection>(raw));
    } catch (const std::exception& error) {
        return std::unexpected(DatabaseError{Trouble::connection, "", one_line(error.what()), std::nullopt});
    }
}

std::expected<Table, DatabaseError> Session::execute(const std::string& sql) {
    return connection_->guarded([&] {
        pqxx::nontransaction work(connection_->pqxx());
        return to_table(work.exec(sql));
    });
}

std::expected<void, DatabaseError> Session::begin() {
    return connection_->guarded([&] {
        connection_->work.reset();
        connection_->work = std::make_unique<pqxx::work>(connection_->pqxx());
    });
}

namespace {

// In pieces, so that libpq does not keep a second copy of all of it.
bool put(PGconn* raw, std::string_view data) {
    constexpr std::size_t piece = 256 * 1024;
    for (std::size_t at = 0; at < data.size(); at += piece) {
        const auto part = data.substr(at, piece);
        if (PQputCopyData(raw, part.data(), static_cast<int>(part.size())) != 1) return false;
    }
    return true;
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

}  // namespace

std::expected<Table, DatabaseError> Session::query(const std::string& sql, const std::vector<std::string>& parameters) {
    return connection_->guarded([&] { return to_table(run(*connection_->work, sql, parameters)); });
}

std::expected<std::uint64_t, DatabaseError> Session::change(const std::string& sql,
                                                            const std::vector<std::string>& parameters) {
    return connection_->guarded(
        [&] { return static_cast<std::uint64_t>(run(*connection_->work, sql, parameters).affected_rows()); });
}

std::expected<std::uint64_t, DatabaseError> Session::copy(std::span<const char> tuples) {
    PGconn* raw = connection_->raw();
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
    static const std::string statement = fmt::format("COPY request_log ({}) FROM STDIN (FORMAT binary)", columns);
    const Result start(PQexec(raw, statement.c_str()), &PQclear);
    if (PQresultStatus(start.get()) != PGRES_COPY_IN) return std::unexpected(connection_->error_of(start.get()));
    bool sent = put(raw, copy_header) && put(raw, {tuples.data(), tuples.size()}) && put(raw, copy_trailer);
    if (sent) sent = PQputCopyEnd(raw, nullptr) == 1;
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
    auto done = connection_->guarded([&] { connection_->work->commit(); });
    connection_->work.reset();
    return done;
}

int Session::socket() const { return PQsocket(connection_->raw()); }

void Session::roll_back() noexcept {
    try {
        connection_->work.reset();
    } catch (const std::exception&) {  // the connection is gone, and the transaction with it
    }
}

}  // namespace outrigger::rows
