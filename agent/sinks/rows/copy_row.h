// A journaled request -> one tuple of binary COPY into request_log. Pure: no I/O, no clock, no allocation beyond the
// buffer's growth. Called by the rows worker. Format: https://www.postgresql.org/docs/15/sql-copy.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/journal/entry.h"

namespace outrigger::rows {

// The columns in the order in which append_row writes them.
inline constexpr std::string_view columns =
    R"("timestamp", source_ip, endpoint, status_code, message, service, env, version, host, method, route, )"
    R"(duration_us, request_bytes, response_bytes, trace_id, span_id, error_type, tags, agent, "position")";

struct RowContext {
    std::int32_t agent = 0;                  // our number in the ledger
    std::string_view service, env, version;  // for events that bring none of their own
};

// What stands before and behind the tuples.
inline constexpr std::string_view copy_header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
inline constexpr std::string_view copy_trailer("\377\377", 2);

// The entry is a request. Returns when it started, UTC in microseconds since 1970; none, and nothing appended: its
// record cannot be read (it was checked before it was kept).
std::optional<std::int64_t> append_row(std::vector<char>& out, const journal::Entry& entry, const RowContext& context);

}  // namespace outrigger::rows
