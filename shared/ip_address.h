// IP addresses as records carry them: 16 bytes, IPv4 as ::ffff:a.b.c.d. Used by the encoder and by the sinks.
// Pure, no allocation, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace outrigger {

using IpAddress = std::array<std::uint8_t, 16>;

inline constexpr std::size_t ip_text_bytes = 39;  // the longest text that to_text() makes

// Dotted decimal without leading zeros, or the forms of RFC 4291, 2.2; no zone, no port, no brackets, no spaces.
// Returns whether the text is one; if not, `out` holds nothing of use.
bool parse_ip_address(std::string_view text, IpAddress& out) noexcept;

bool is_ipv4(std::span<const std::uint8_t, 16> address) noexcept;

// The canonical text (RFC 5952), in `buffer`; IPv4 in dotted decimal.
std::string_view to_text(std::span<const std::uint8_t, 16> address, std::span<char, ip_text_bytes> buffer) noexcept;

}  // namespace outrigger
