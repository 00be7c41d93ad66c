// The size of a ring as a person writes it: 4194304, 512KiB, 4MiB, 1GiB. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace outrigger {

std::optional<std::size_t> parse_size(std::string_view text);  // none: not a size
std::optional<std::size_t> to_ring_bytes(std::size_t wanted);  // the next power of two allowed; none: too much

}  // namespace outrigger
