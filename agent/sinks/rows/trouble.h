// What went wrong with Postgres, and what to do about it. Pure. Used by everything in this room that asks Postgres.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::rows {

enum class Trouble : std::uint8_t {
    connection,  // lost, refused, in doubt: a new session, soon
    resource,    // out of something, deadlock, somebody's lock: again, later
    slow,        // it took longer than it may: again, later, with half of the rows
    hold,        // permission, missing or changed table, standby: again each few seconds, nothing is given up
    no_partition,
    row,     // this row never: a dead letter
    fenced,  // the ledger is not where we left it: read it again, at once
};

struct DatabaseError {
    Trouble trouble = Trouble::connection;
    std::string sqlstate;                  // empty: none was given
    std::string what;                      // one line for people, no secrets
    std::optional<std::size_t> line = {};  // of the COPY, from 1, when the server named it
    bool for_administrator = false;        // what he would run for us helps
};

// What a server says of an error beside its message, which may be in any language.
struct ErrorFields {
    std::string_view sqlstate;
    std::string_view constraint;  // the name of the one that was violated
    std::string_view function;    // of the server's source, where it was found; empty: who is between us does not tell
};

Trouble classify(const ErrorFields& fields);

// A statement of ours was taken, and did not do to that table what it says.
DatabaseError kept_out(std::string_view table, std::string_view more = {});

// libpq's messages end in a line break and may run over several lines.
std::string one_line(std::string_view text);

// "COPY request_log, line 17, column message": 17. Only in a server that speaks English.
std::optional<std::size_t> line_in(std::string_view context);

}  // namespace outrigger::rows
