#include "shared/emitter/ring_size.h"

#include <bit>
#include <charconv>
#include <limits>

#include "shared/ring_format.h"

namespace outrigger {

std::optional<std::size_t> parse_size(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    std::size_t factor = 1;
    if (unit == "KiB")
        factor = std::size_t{1} << 10;
    else if (unit == "MiB")
        factor = std::size_t{1} << 20;
    else if (unit == "GiB")
        factor = std::size_t{1} << 30;
    else if (!unit.empty())
        return std::nullopt;
    if (number > std::numeric_limits<std::size_t>::max() / factor) return std::nullopt;
    return number * factor;
}

std::optional<std::size_t> to_ring_bytes(std::size_t wanted) {
    if (wanted > ring::greatest_bytes) return std::nullopt;
    return wanted < ring::least_bytes ? ring::least_bytes : std::bit_ceil(wanted);
}

}  // namespace outrigger
