#include "agent/settings/masked.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace outrigger::settings {
namespace {

constexpr std::string_view hidden = "***";

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Options parse(const std::string& text) {
    char* message = nullptr;  // may quote the password: freed unread
    Options options(PQconninfoParse(text.c_str(), &message));
    if (message) PQfreemem(message);
    return options;
}

bool is_uri(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

// libpq ends user and password at the first of @ and /. An @ anywhere later was meant to be part of one of them.
bool has_stray_at(std::string_view uri) {
    uri.remove_prefix(uri.find("://") + 3);
    const auto end = uri.find_first_of("@/");
    return end != uri.npos && uri.find('@', end + 1) != uri.npos;
}

bool is_one_of(std::string_view text, std::string_view characters) {
    return text.find_first_of(characters) != text.npos;
}

bool contains_pass(std::string_view text) {
    constexpr std::string_view word = "pass";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return std::ranges::search(text, word, same).begin() != text.end();
}

bool is_secret(const PQconninfoOption& option) {
    return std::string_view(option.dispchar).contains('*') || contains_pass(option.keyword);
}

// Fields that libpq quotes in its errors must hold nothing that looks like the rest of a mistyped conninfo or URI.
bool is_plausible(std::string_view keyword, std::string_view value) {
    if (keyword == "port") return value.find_first_not_of("0123456789,") == value.npos;
    if (keyword == "host" && value.starts_with('@')) value.remove_prefix(1);  // an abstract Unix socket
    if (keyword == "host" || keyword == "hostaddr") return !is_one_of(value, "@=;? \t\n");
    if (keyword == "dbname" || keyword == "user") return !is_one_of(value, "=;?\n") && !value.contains("://");
    return true;
}

bool may_show(const PQconninfoOption& option) {
    const std::string_view keyword = option.keyword;
    if (keyword == "passfile") return true;  // a path
    if (is_secret(option)) return false;
    if (keyword == "host" || keyword == "hostaddr" || keyword == "port" || keyword == "dbname") return true;
    const std::string_view value = option.val;
    if (keyword == "user") return !value.contains(':');
    return !contains_pass(value) && !is_one_of(value, keyword == "options" ? "@;" : "@;=");
}

// As conninfo takes it: quoted where it must be.
std::string quoted(std::string_view value) {
    if (!value.empty() && !is_one_of(value, " '\\")) return printable(value);
    std::string text = "'";
    for (const char c : printable(value)) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

bool are_plausible(std::string_view text, const PQconninfoOption* options) {
    if (is_uri(text) && has_stray_at(text)) return false;
    for (const auto* option = options; option->keyword; ++option) {
        if (option->val && !is_plausible(option->keyword, option->val)) return false;
    }
    return true;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return line;
}

bool is_postgres(std::string_view text) {
    if (text.empty() || text.contains('\0')) return false;
    const auto options = parse(std::string(text));
    return options && are_plausible(text, options.get());
}

std::string mask_postgres(std::string_view text) {
    if (!is_postgres(text)) return std::string(hidden);
    const auto options = parse(std::string(text));
    if (!options) return std::string(hidden);
    std::string shown;
    for (const auto* option = options.get(); option->keyword; ++option) {
        if (!option->val) continue;
        shown.append(shown.empty() ? "" : " ").append(option->keyword).append("=");
        shown.append(may_show(*option) ? quoted(option->val) : std::string(hidden));
    }
    return shown.empty() ? "what PG* variables say" : shown;
}

std::string mask_text(std::string_view text) {
    constexpr std::size_t most = 200;
    const bool has_query = text.contains("://") && text.contains('?');  // where keys and tokens are
    if (text.contains('@') || has_query || contains_pass(text)) return std::string(hidden);
    return printable(text.substr(0, most)) + (text.size() > most ? "..." : "");
}

}  // namespace outrigger::settings
