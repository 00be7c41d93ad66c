// How a connection to Postgres is opened: what --postgres says, what it leaves to PG* variables, and what a daemon
// needs to notice a peer that is gone. Used by Session.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <optional>
#include <string>

#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

// Waits for connect_timeout (5 s for each address unless given). `password` stands in for what the conninfo leaves out.
std::expected<PGconn*, DatabaseError> open_connection(const std::string& conninfo,
                                                      const std::optional<std::string>& password);

// The first line of the file.
std::expected<std::string, DatabaseError> read_password(const std::string& file);

}  // namespace outrigger::rows
