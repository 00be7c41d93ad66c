// A request's JSON line as programs write it, read in one pass: printable ASCII without escapes, whole numbers, tags
// and an error of strings. Whatever else a line may hold, and whatever is wrong with it, is left to the general parser;
// what both can read is the same event (tests/fuzz/plain_line.cpp compares them). Used by JsonLineParser. Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "shared/event.h"

namespace outrigger::intake {

// Nothing: not such a line. Text is borrowed from `line`, tags from `tags`, where those without room are passed over.
std::optional<RequestEvent> read_plain_line(std::string_view line, std::span<Tag> tags);

}  // namespace outrigger::intake
