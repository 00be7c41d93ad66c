// One connection to Postgres: libpqxx for statements and transactions, libpq for the COPY stream on the same
// connection. Each call ends within a limit: a connection that gives no answer by then is cut, and whether a commit
// under way happened is in doubt. Used by the rows worker's thread; a session that failed is thrown away.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/sinks/rows/lifeline.h"
#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

class Connection;
class Connector;

using Meanwhile = std::function<bool()>;

// A result: rows of columns of text, NULL as nullopt.
using Row = std::vector<std::optional<std::string>>;
using Table = std::vector<Row>;

// How long things may take. The server's own limits come first, so that it can say what was the matter.
struct TimeLimits {
    std::chrono::milliseconds answer{10'000};  // to any call; then the connection is cut

    std::chrono::milliseconds statement() const { return answer * 4 / 5; }
    std::chrono::milliseconds lock() const { return answer / 2; }
};

class Session {
  public:
    // As long as Connector::connect. The lifeline outlives the session.
    static std::expected<Session, DatabaseError> open(Connector& connector, const std::optional<std::string>& password,
                                                      Lifeline& lifeline, TimeLimits limits = {});
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    const TimeLimits& limits() const { return limits_; }
    // The limit of the calls that follow; none: the usual one.
    void wait_for(std::optional<std::chrono::milliseconds> limit) { limit_ = limit.value_or(limits_.answer); }

    // One or more statements outside a transaction of ours.
    std::expected<Table, DatabaseError> execute(const std::string& sql);
    // The same, of a statement whose answer is one row.
    std::expected<Row, DatabaseError> ask(const std::string& sql);

    // A transaction: begin, then any of these, then commit. Going without commit rolls back.
    std::expected<void, DatabaseError> begin();
    std::expected<Table, DatabaseError> query(const std::string& sql, const std::vector<std::string>& parameters = {});
    // Rows that a statement changed.
    std::expected<std::uint64_t, DatabaseError> change(const std::string& sql,
                                                       const std::vector<std::string>& parameters = {});
    // Binary COPY into request_log within the transaction. Returns how many rows the server took. `meanwhile`: called
    // while the server works on what it has been sent, again and again as long as it says true; each time for a
    // fraction of a millisecond, or the server waits for us.
    std::expected<std::uint64_t, DatabaseError> copy(std::span<const char> tuples, const Meanwhile& meanwhile = {});
    // An error of kind connection leaves it in doubt whether it happened: the ledger tells.
    std::expected<void, DatabaseError> commit();
    void roll_back() noexcept;

  private:
    Session(std::unique_ptr<Connection> connection, TimeLimits limits);
    [[nodiscard]] Lifeline::Call call() const;

    std::unique_ptr<Connection> connection_;
    TimeLimits limits_;
    std::chrono::milliseconds limit_;
};

}  // namespace outrigger::rows
