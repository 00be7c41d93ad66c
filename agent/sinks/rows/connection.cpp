#include "agent/sinks/rows/connection.h"

#include <spdlog/fmt/fmt.h>

namespace outrigger::rows {

namespace {

constexpr std::string_view no_permission = "42501";

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

std::string_view field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

// A commit that waited for a standby and was told not to: a warning, though whether it survives is open. Known by the
// function that says it, since the words are translated.
void hear(void* connection, const PGresult* notice) {
    if (field(notice, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN")
        static_cast<Connection*>(connection)->unreplicated = true;
}

}  // namespace

#if PQXX_VERSION_MAJOR < 7

Policy::handle Policy::do_startconnect(handle original) {
    return original != nullptr ? original : std::exchange(made_, nullptr);
}

Policy::handle Policy::do_completeconnect(handle original) {
    if (original == nullptr || PQstatus(original) != CONNECTION_OK)
        throw pqxx::broken_connection("the connection is gone");
    return original;
}

#endif

Connection::Connection(PGconn* raw, Lifeline& lifeline) : raw_(raw), lifeline_(lifeline), pqxx_(raw) {
    PQsetNoticeReceiver(raw_, hear, this);
    lifeline_.hold(PQsocket(raw_));
}

Connection::~Connection() {
    work.reset();
    lifeline_.release();  // from here on the socket's number may be somebody else's
}

DatabaseError Connection::lost(std::string_view message) const {
    if (const auto limit = lifeline_.expired())
        return {Trouble::connection, "",
                fmt::format("no answer from Postgres for {} s", std::chrono::duration<double>(*limit).count())};
    // What libpq heard last says why; what libpqxx makes of it may be that it cannot ask for the encoding.
    const std::string_view heard = PQerrorMessage(raw_);
    if (PQstatus(raw_) != CONNECTION_OK && !heard.empty()) message = heard;
    return {Trouble::connection, "", one_line(message)};
}

DatabaseError Connection::error_of(const PGresult* result) const {
    const std::string state(field(result, PG_DIAG_SQLSTATE));
    if (state.empty() || PQstatus(raw_) != CONNECTION_OK) return last_error();
    const std::string message(field(result, PG_DIAG_MESSAGE_PRIMARY));
    return {classify({state, field(result, PG_DIAG_CONSTRAINT_NAME), field(result, PG_DIAG_SOURCE_FUNCTION)}), state,
            one_line(message), line_in(field(result, PG_DIAG_CONTEXT)), state == no_permission};
}

DatabaseError Connection::error_of(const pqxx::sql_error& error) const {
    if (PQstatus(raw_) != CONNECTION_OK) return lost(error.what());
    const std::string state = sqlstate_of(error);
    return {classify({.sqlstate = state, .constraint = "whichever: rows go through COPY alone", .function = ""}), state,
            first_line(error.what()), std::nullopt, state == no_permission};
}

DatabaseError Connection::error_of(const pqxx::transaction_rollback& error) const {
    const bool serialization = dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr;
    const bool deadlock = dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr;
    if (PQstatus(raw_) != CONNECTION_OK || !(serialization || deadlock)) return lost(error.what());
    const std::string state = serialization ? "40001" : "40P01";
    return {classify({.sqlstate = state, .constraint = "", .function = ""}), state, first_line(error.what())};
}

}  // namespace outrigger::rows
