// Opens connections to Postgres: what --postgres says, what it leaves to PG* variables, and what a daemon needs to
// notice a peer that is gone. One host and one address after the other, each within its time, and given up when the
// sink has to stop: libpq's own loop over them hears nobody, nor does its resolver. Used by Session, on the worker's
// thread.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/sinks/name_lookup.h"
#include "agent/sinks/rows/hosts.h"
#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, Finish>;

class Connector {
  public:
    // `given_up` is asked each few hundredths of a second. Kerberos alone may still keep it waiting within libpq.
    explicit Connector(
        std::string conninfo, std::function<bool()> given_up = [] { return false; },
        sinks::Lookup lookup = sinks::look_up);

    // Waits for connect_timeout (5 s for each address unless given; 0: without end). `password` stands in for what the
    // conninfo leaves out. All hosts are tried, also when one refuses us.
    std::expected<Handle, DatabaseError> connect(const std::optional<std::string>& password);

    // What is to be said of it once: that what we send may go in the clear, or to somebody else.
    std::optional<std::string> warning() const;

  private:
    using Words = std::vector<std::pair<std::string, std::string>>;
    using Outcome = std::expected<Handle, DatabaseError>;

    Words words(const std::optional<std::string>& password) const;
    Outcome connect_to(const Host& host, Words words, std::optional<std::chrono::milliseconds> patience);
    std::expected<std::vector<Host>, DatabaseError> addresses_of(const Host& host,
                                                                 std::optional<std::chrono::milliseconds> patience);
    Outcome attempt(const Host& host, const Words& words, std::optional<std::chrono::milliseconds> patience) const;

    const std::string conninfo_;
    const std::function<bool()> given_up_;
    const sinks::Lookup lookup_;
    std::map<std::pair<std::string, std::uint16_t>, sinks::NameLookup> names_;  // one that hangs is waited for again
};

// The first line of the file.
std::expected<std::string, DatabaseError> read_password(const std::string& file);

}  // namespace outrigger::rows
