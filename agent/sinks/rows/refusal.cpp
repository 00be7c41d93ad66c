#include "agent/sinks/rows/refusal.h"

#include <algorithm>

namespace outrigger::rows {

namespace {

constexpr std::size_t state_length = 5;

bool is_sqlstate(std::string_view text) {
    return text.size() == state_length &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// "... failed: FATAL:  28P01: password authentication failed": where the SQLSTATE stands.
std::size_t find_sqlstate(std::string_view line) {
    constexpr std::string_view before = ":  ", behind = ": ";
    for (auto at = line.find(before); at != line.npos; at = line.find(before, at + 1)) {
        const auto state = at + before.size();
        if (is_sqlstate(line.substr(state, state_length)) && line.substr(state + state_length).starts_with(behind))
            return state;
    }
    return line.npos;
}

// It answers, and takes no rows now.
bool is_standby(std::string_view message) {
    return message.contains("read-only") || message.contains("hot standby mode");
}

Trouble trouble_of(std::string_view sqlstate, std::string_view message) {
    if (sqlstate.empty()) return is_standby(message) ? Trouble::hold : Trouble::connection;
    const Trouble trouble = classify({sqlstate, "", ""});
    // 08: what a pool says of a database or a user that it does not know.
    const bool passes = trouble == Trouble::connection || trouble == Trouble::resource;
    return passes && !sqlstate.starts_with("08") ? trouble : Trouble::hold;
}

}  // namespace

DatabaseError read_refusal(std::string_view message) {
    DatabaseError error;
    std::string text;
    while (!message.empty()) {
        const auto end = std::min(message.find('\n'), message.size());
        std::string line(message.substr(0, end));
        message.remove_prefix(std::min(end + 1, message.size()));
        if (line.starts_with("LOCATION:")) continue;  // of the server's source
        if (const auto at = find_sqlstate(line); at != line.npos) {
            if (error.sqlstate.empty()) error.sqlstate = line.substr(at, state_length);
            line.erase(at, state_length + 2);
        }
        text += line + "\n";
    }
    error.what = one_line(text);
    error.trouble = trouble_of(error.sqlstate, error.what);
    return error;
}

DatabaseError join(const DatabaseError& first, const DatabaseError& next) {
    DatabaseError both = first;
    if (next.trouble == Trouble::hold) both.trouble = Trouble::hold;
    if (both.sqlstate.empty()) both.sqlstate = next.sqlstate;
    both.what += "; " + next.what;
    return both;
}

}  // namespace outrigger::rows
