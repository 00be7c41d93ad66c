#include "agent/sinks/rows/trouble.h"

#include <charconv>

namespace outrigger::rows {

namespace {

// A row without a partition has the SQLSTATE of one that a check refuses, or a trigger in its own words.
bool lacks_partition(const ErrorFields& fields) {
    return fields.sqlstate == "23514" && fields.constraint.empty() &&
           (fields.function.empty() || fields.function == "ExecFindPartition");
}

}  // namespace

Trouble classify(const ErrorFields& fields) {
    const auto sqlstate = fields.sqlstate;
    if (sqlstate.size() != 5) return Trouble::connection;
    const auto type = sqlstate.substr(0, 2);
    if (lacks_partition(fields)) return Trouble::no_partition;
    if (sqlstate == "22P04") return Trouble::hold;  // COPY's own format: another number of columns
    if (type == "22" || type == "23" || sqlstate == "54001") return Trouble::row;
    if (type == "08" || sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "53300")
        return Trouble::connection;
    if (sqlstate == "57014") return Trouble::slow;
    if (type == "53" || type == "58" || type == "40" || sqlstate == "55P03") return Trouble::resource;
    return Trouble::hold;
}

DatabaseError kept_out(std::string_view table, std::string_view more) {
    return {Trouble::hold, "", "a trigger or rule of " + std::string(table) + " keeps rows out" + std::string(more)};
}

std::string one_line(std::string_view text) {
    std::string out;
    for (const char byte : text) out += byte == '\n' || byte == '\t' ? ' ' : byte;
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::optional<std::size_t> line_in(std::string_view context) {
    constexpr std::string_view mark = "COPY request_log, line ";
    const auto at = context.rfind(mark);  // outermost: what a trigger quotes stands before it
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t line = 0;
    const auto* first = context.data() + at + mark.size();
    if (std::from_chars(first, context.data() + context.size(), line).ec != std::errc()) return std::nullopt;
    return line;
}

}  // namespace outrigger::rows
