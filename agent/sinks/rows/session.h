// One connection to Postgres: libpqxx for statements and transactions, libpq for the COPY stream on the same
// connection. The only place that knows how the two meet (6.4: a connect policy of ours; 7: a connection taken over),
// and that decides what a failure means. Used by the rows worker's thread; a session that failed is thrown away.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outrigger::rows {

// What to do about a failure, from its SQLSTATE.
enum class Trouble : std::uint8_t {
    connection,  // lost, refused, in doubt: a new session, soon
    resource,    // out of something, deadlock, time-out: again, later
    hold,        // permission, missing or changed table, standby: again each few seconds, nothing is given up
    no_partition,
    row,     // this row never: a dead letter
    fenced,  // the ledger is not where we left it: read it again, at once
};

struct DatabaseError {
    Trouble trouble = Trouble::connection;
    std::string sqlstate;             // empty: none was given
    std::string what;                 // one line for people, no secrets
    std::optional<std::size_t> line;  // of the COPY, from 1, when the server named it
};

Trouble classify(std::string_view sqlstate, std::string_view message);

// A result: rows of columns of text, NULL as nullopt.
using Table = std::vector<std::vector<std::optional<std::string>>>;

class Session {
  public:
    // `password` stands in for what the conninfo leaves out. Waits for connect_timeout (5 s unless given).
    static std::expected<Session, DatabaseError> open(const std::string& conninfo,
                                                      const std::optional<std::string>& password);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    // One or more statements outside a transaction of ours.
    std::expected<Table, DatabaseError> execute(const std::string& sql);

    // A transaction: begin, then any of these, then commit. Going without commit rolls back.
    std::expected<void, DatabaseError> begin();
    std::expected<Table, DatabaseError> query(const std::string& sql, const std::vector<std::string>& parameters = {});
    // Rows that a statement changed.
    std::expected<std::uint64_t, DatabaseError> change(const std::string& sql,
                                                       const std::vector<std::string>& parameters = {});
    // Binary COPY into request_log within the transaction. Returns how many rows the server took.
    std::expected<std::uint64_t, DatabaseError> copy(std::span<const char> tuples);
    // An error of kind connection leaves it in doubt whether it happened: the ledger tells.
    std::expected<void, DatabaseError> commit();
    void roll_back() noexcept;

    int socket() const;  // another thread may shut it, to end a call that hangs

  private:
    class Connection;
    explicit Session(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

}  // namespace outrigger::rows
