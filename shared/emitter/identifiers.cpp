#include "shared/emitter/identifiers.h"

#include <sys/random.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstring>

namespace outrigger {
namespace {

constexpr std::uint64_t step = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio: keeps neighbouring numbers far apart

// 63 bits and never 0.
std::uint64_t random_at(std::uint64_t key, std::uint64_t ordinal) noexcept {
    const std::uint64_t value = scrambled(key + ordinal * step) >> 1;
    return value != 0 ? value : 1;
}

}  // namespace

EmitterId make_emitter_id() noexcept {
    EmitterId id{};
    if (::getrandom(id.data(), id.size(), GRND_NONBLOCK) == static_cast<ssize_t>(id.size())) return id;
    const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    const std::uint64_t halves[2] = {
        scrambled(now ^ static_cast<std::uint64_t>(::getpid()) << 40),
        scrambled(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                  std::bit_cast<std::uint64_t>(&id)),
    };
    std::memcpy(id.data(), halves, id.size());
    return id;
}

TraceId make_trace_id(std::uint64_t key, std::uint64_t number, std::uint32_t unix_seconds) noexcept {
    std::uint64_t halves[2] = {std::uint64_t{unix_seconds} << 32, random_at(key, 2 * number)};
    if constexpr (std::endian::native == std::endian::little) {
        for (std::uint64_t& half : halves) half = std::byteswap(half);
    }
    TraceId id;
    std::memcpy(id.data(), halves, id.size());
    return id;
}

std::uint64_t make_span_id(std::uint64_t key, std::uint64_t number) noexcept { return random_at(key, 2 * number + 1); }

}  // namespace outrigger
