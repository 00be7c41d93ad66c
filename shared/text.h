// Taking header values apart. Pure, allocates nothing, any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace outrigger {

// Without spaces and tabs at either end.
inline std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What stands before the first separator; `rest` is what stands behind it.
inline std::string_view take_until(std::string_view& rest, char separator) {
    const std::string_view part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
}

}  // namespace outrigger
