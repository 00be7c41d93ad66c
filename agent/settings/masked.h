// Settings that may hold a password, made fit for logs, `check` and /status. Pure.
// The rule: what is not understood is not shown; what is shown is built anew from its parts, never cut from the text.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::settings {

// A libpq URI or conninfo that libpq reads the way its writer meant it. Refused, beside what libpq refuses itself: what
// puts a piece of a password into another field, where libpq would name it in an error ("pa@ss@host" in a URI,
// "host=db;password=x", a whole URI as dbname, a port that is no number).
bool is_postgres(std::string_view text);

// "host=db port=5432 user=shop dbname=shop password=***"; "***" alone when is_postgres says no.
std::string mask_postgres(std::string_view text);

// Any text that a person mistyped, for one line of an error message: "***" when it looks as if a password were in it,
// control characters as "?", cut after 200 bytes.
std::string mask_text(std::string_view text);

// One line: control characters as "?".
std::string printable(std::string_view text);

}  // namespace outrigger::settings
