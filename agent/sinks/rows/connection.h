// libpq's handle and libpqxx's connection over one socket: the only place that knows how the two meet (6.4: a connect
// policy of ours; 7: a connection taken over) and where libpqxx's exceptions end. Used by Session alone.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "agent/sinks/rows/lifeline.h"
#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

#if PQXX_VERSION_MAJOR < 7

// Hands libpqxx a connection that we made.
class Policy : public pqxx::connectionpolicy {
  public:
    explicit Policy(PGconn* raw) : connectionpolicy(""), made_(raw) {}
    handle do_startconnect(handle original) override;
    handle do_completeconnect(handle original) override;

  private:
    PGconn* made_;
};

class Adopted : private Policy, public pqxx::connection_base {
  public:
    explicit Adopted(PGconn* raw) : Policy(raw), connection_base(static_cast<pqxx::connectionpolicy&>(*this)) {
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

class Connection {
  public:
    // `raw` is connected, and ours from here on.
    Connection(PGconn* raw, Lifeline& lifeline);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    PGconn* raw() const { return raw_; }
    Adopted& pqxx() { return pqxx_; }
    Lifeline& lifeline() const { return lifeline_; }
    std::unique_ptr<pqxx::work> work;  // the transaction that is open

    // Since begin(): the server said that the commit is not known to have reached a standby.
    bool unreplicated = false;

    DatabaseError lost(std::string_view message) const;
    DatabaseError last_error() const { return lost(PQerrorMessage(raw_)); }
    DatabaseError error_of(const PGresult* result) const;

    template <class Work>
    auto guarded(Work&& does) -> std::expected<decltype(does()), DatabaseError> {
        try {
            if constexpr (std::is_void_v<decltype(does())>) {
                does();
                return {};
            } else {
                return does();
            }
        } catch (const pqxx::transaction_rollback& error) {  // in libpqxx 6 no sql_error
            return std::unexpected(error_of(error));
        } catch (const pqxx::sql_error& error) {
            return std::unexpected(error_of(error));
        } catch (const std::exception& error) {  // lost, or in doubt
            return std::unexpected(lost(error.what()));
        }
    }

  private:
    DatabaseError error_of(const pqxx::sql_error& error) const;
    DatabaseError error_of(const pqxx::transaction_rollback& error) const;

    PGconn* raw_;
    Lifeline& lifeline_;
    Adopted pqxx_;
};

}  // namespace outrigger::rows
