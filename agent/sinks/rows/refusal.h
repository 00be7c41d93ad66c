// What libpq says of a connection that came to nothing, taken apart. Pure. Used by Connector.
#pragma once

#include <string_view>

#include "agent/sinks/rows/trouble.h"

namespace outrigger::rows {

// `message`: of a connection whose errors are verbose: libpq gives the SQLSTATE of a refusal nowhere else.
// What the server itself refuses will be refused again until somebody changes it: a hold, but for what passes.
DatabaseError read_refusal(std::string_view message);

// Of several hosts, each tried in vain.
DatabaseError join(const DatabaseError& first, const DatabaseError& next);

}  // namespace outrigger::rows
