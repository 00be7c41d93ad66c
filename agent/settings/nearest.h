// "Did you mean?" for names of flags, file keys, variables and commands. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace outrigger::settings {

// Insertions, deletions, replacements and swaps of neighbours that make one of the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The known name with the least distance, prefixes OUTRIGGER_ and DD_ not counted; the first of several. `known` is
// not empty.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

}  // namespace outrigger::settings
