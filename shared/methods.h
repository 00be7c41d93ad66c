// The HTTP methods of IANA's registry, as the record carries them: by index. Used by encoder, decoder and translators.
// Pure, any thread. Source: https://www.iana.org/assignments/http-methods
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace outrigger {

inline constexpr std::uint8_t other_method = 0;  // _OTHER: absent, or not registered
inline constexpr std::size_t method_count = 41;

// `index` is below method_count.
std::string_view method_name(std::uint8_t index) noexcept;

// Methods are case-sensitive (RFC 9110, 9.1): "get" is not one.
std::uint8_t to_method(std::string_view name) noexcept;

}  // namespace outrigger
