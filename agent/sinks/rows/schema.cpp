#include "agent/sinks/rows/schema.h"

#include <spdlog/fmt/fmt.h>

namespace outrigger::rows {

namespace {

using namespace std::chrono_literals;
using Outcome = std::expected<void, DatabaseError>;

// A transaction of one statement, with limits of its own.
Outcome run_alone(Session& session, const std::string& sql, std::chrono::milliseconds lock,
                  std::chrono::milliseconds statement) {
    if (auto begun = session.begin(); !begun) return begun;
    const auto set = session.query(
        fmt::format("SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}", lock.count(), statement.count()));
    if (!set) return std::unexpected(set.error());
    if (const auto done = session.query(sql); !done) {
        session.roll_back();
        return std::unexpected(done.error());
    }
    return session.commit();
}

Outcome run_quickly(Session& session, const std::string& sql) {
    return run_alone(session, sql, session.limits().lock(), session.limits().statement());
}

// While a drop waits for readers, others wait behind it.
constexpr auto expiry_lock = 2s;
// A day's rows are counted before they go.
constexpr auto expiry_statement = 10min;

DatabaseError needs(const std::string& what) {
    return {Trouble::hold, "", what + ": somebody who may has to run the statements in the log", std::nullopt, true};
}

DatabaseError refused(const std::string& what) { return {Trouble::hold, "", what}; }

}  // namespace

std::expected<Schema, DatabaseError> Schema::open(Session& session, std::string& statements) {
    constexpr const char* look = R"(
        WITH wanted(name) AS (VALUES ('request_log'), ('outrigger_ledger'), ('outrigger_drops'),
            ('outrigger_dead_letter'), ('outrigger_expired'))
        SELECT count(to_regclass(name)), quote_ident(coalesce(current_schema(), 'public')), quote_ident(current_user),
            has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE'),
            coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('request_log')), false),
            coalesce(has_function_privilege(to_regprocedure('outrigger_partition(date)'), 'EXECUTE'), false),
            coalesce(has_function_privilege(to_regprocedure('outrigger_expire(int)'), 'EXECUTE'), false),
            current_setting('transaction_read_only')::bool,
            (SELECT min(relname) FROM pg_class WHERE relpersistence <> 'p' AND oid IN
                (SELECT to_regclass(name) FROM wanted UNION ALL
                 SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('request_log'))),
            min(name) FILTER (WHERE row_security_active(to_regclass(name)::oid))
        FROM wanted)";
    const auto answer = session.ask(look);
    if (!answer) return std::unexpected(answer.error());
    const Row& cells = *answer;
    const auto yes = [&](std::size_t column) { return cells.at(column) == "t"; };
    // Its ledger may be older than what the one that it follows has: nothing is concluded from it.
    if (yes(7)) return std::unexpected(DatabaseError{Trouble::hold, "25006", "Postgres is a standby or read-only"});
    // What is stored there would go without a word.
    if (cells.at(8)) return std::unexpected(refused(*cells.at(8) + " is unlogged: a crash of Postgres empties it"));
    if (cells.at(9)) return std::unexpected(refused(*cells.at(9) + " has row-level security for this role"));
    statements = administrator_sql(*cells.at(1), *cells.at(2));
    Schema schema;
    bool owner = yes(4);
    if (cells.at(0) != "5") {
        const auto made = run_quickly(
            session, "SELECT pg_advisory_xact_lock(hashtext('outrigger_schema'));" + std::string(tables_sql()));
        if (!made) {
            if (made.error().trouble != Trouble::hold) return std::unexpected(made.error());
            return std::unexpected(needs("tables are missing and may not be made (" + made.error().what + ")"));
        }
        owner = true;
    }
    const bool creates = owner && yes(3);
    schema.partition_way_ = creates ? Way::ours : yes(5) ? Way::function : Way::none;
    schema.expire_way_ = owner ? Way::ours : yes(6) ? Way::function : Way::none;
    return schema;
}

std::expected<void, DatabaseError> Schema::ensure_partitions(Session& session, const std::set<Day>& days, Day today) {
    for (const Day day : days)
        if (auto made = ensure_partition(session, day); !made) return made;
    for (Day day = today; day <= today + ahead; day += std::chrono::days(1)) {
        // Nothing needs those yet: what keeps them from being made is said when something does.
        auto made = ensure_partition(session, day);
        if (!made && made.error().trouble == Trouble::connection) return made;
    }
    return {};
}

std::expected<void, DatabaseError> Schema::ensure_partition(Session& session, Day day) {
    if (known_.contains(day)) return {};
    const auto present = session.ask(
        "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = to_regclass('request_log') AND inhrelid = "
        "to_regclass('" +
        partition_name(day) + "'))");
    if (!present) return std::unexpected(present.error());
    if (present->at(0) != "t") {
        if (partition_way_ == Way::none)
            return std::unexpected(needs("the partition " + partition_name(day) + " is missing and may not be made"));
        const auto made =
            run_quickly(session, partition_way_ == Way::ours ? partition_sql(day)
                                                             : "SELECT outrigger_partition('" + date(day) + "'::date)");
        if (!made) return made;
    }
    known_.insert(day);
    return {};
}

std::expected<void, DatabaseError> Schema::expire(Session& session, std::chrono::days days) {
    if (expire_way_ == Way::none) return std::unexpected(needs("old partitions may not be dropped"));
    forget_partitions();
    session.wait_for(expiry_statement + session.limits().answer);
    auto done = run_alone(
        session,
        expire_way_ == Way::ours ? expire_sql(days) : "SELECT outrigger_expire(" + std::to_string(days.count()) + ")",
        expiry_lock, expiry_statement);
    session.wait_for(std::nullopt);
    return done;
}

}  // namespace outrigger::rows
