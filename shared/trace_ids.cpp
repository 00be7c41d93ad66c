#include "shared/trace_ids.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

namespace outrigger {

namespace {

// Spreads one word over many (splitmix64); never leaves four zero words in a row.
std::uint64_t spread(std::uint64_t& word) {
    word += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = word;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

std::array<std::uint64_t, 4> spread_over_state(std::uint64_t seed) {
    std::array<std::uint64_t, 4> state;
    for (std::uint64_t& word : state) word = spread(seed);
    return state;
}

// In memory, the most significant byte first.
std::uint64_t big_endian(std::uint64_t word) {
    return std::endian::native == std::endian::little ? std::byteswap(word) : word;
}

// Eight digits at once, one in each byte.
void write_hex(std::uint32_t half, char* out) {
    std::uint64_t digits = half;
    digits = (digits << 16 | digits) & 0x0000ffff0000ffff;
    digits = (digits << 8 | digits) & 0x00ff00ff00ff00ff;
    digits = (digits << 4 | digits) & 0x0f0f0f0f0f0f0f0f;
    const std::uint64_t letters = ((digits + 0x0606060606060606) >> 4) & 0x0101010101010101;
    digits = big_endian(digits + 0x3030303030303030 + letters * ('a' - '0' - 10));
    std::memcpy(out, &digits, sizeof digits);
}

void write_hex(std::uint64_t id, char* out) {
    write_hex(static_cast<std::uint32_t>(id >> 32), out);
    write_hex(static_cast<std::uint32_t>(id), out + 8);
}

// Eight digits at once. What is no digit makes a number too.
std::uint32_t read_hex(std::uint64_t text) {
    std::uint64_t digits = big_endian(text);
    digits = (digits & 0x0f0f0f0f0f0f0f0f) + 9 * (digits >> 6 & 0x0101010101010101);
    digits = (digits | digits >> 4) & 0x00ff00ff00ff00ff;
    digits = (digits | digits >> 8) & 0x0000ffff0000ffff;
    return static_cast<std::uint32_t>(digits | digits >> 16);
}

// Which of eight characters below 0x80 are `least` or more: 0x80 in the byte of each.
constexpr std::uint64_t each_at_least(std::uint64_t text, char least) {
    return ((text | 0x8080808080808080) - 0x0101010101010101 * static_cast<std::uint8_t>(least)) & 0x8080808080808080;
}

// 0-9 and a-f, all eight.
constexpr bool are_digits(std::uint64_t text) {
    const std::uint64_t numbers = each_at_least(text, '0') & ~each_at_least(text, '9' + 1);
    const std::uint64_t letters = each_at_least(text, 'a') & ~each_at_least(text, 'f' + 1);
    return (text & 0x8080808080808080) == 0 && (numbers | letters) == 0x8080808080808080;
}

std::uint64_t in_lower_case(std::uint64_t text) { return text | (text & 0x4040404040404040) >> 1; }

}  // namespace

IdSource::IdSource() {
    if (::getrandom(state_.data(), sizeof state_, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof state_) &&
        std::ranges::any_of(state_, [](std::uint64_t word) { return word != 0; }))
        return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    std::uint64_t seed = static_cast<std::uint64_t>(now) ^ (static_cast<std::uint64_t>(::getpid()) << 40);
    seed = spread(seed) ^ reinterpret_cast<std::uintptr_t>(this);
    state_ = spread_over_state(seed);
}

IdSource::IdSource(std::uint64_t seed) : state_(spread_over_state(seed)) {}

std::uint64_t IdSource::next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

TraceId make_trace_id(IdSource& source, std::int64_t unix_seconds) {
    return to_trace_id(static_cast<std::uint64_t>(unix_seconds) << 32, make_span_id(source));
}

std::uint64_t make_span_id(IdSource& source) {
    for (;;)
        if (const std::uint64_t id = source.next() >> 1; id != 0) return id;
}

TraceId to_trace_id(std::uint64_t high, std::uint64_t low) {
    const std::array<std::uint64_t, 2> halves = {big_endian(high), big_endian(low)};
    return std::bit_cast<TraceId>(halves);
}

std::uint64_t high_half(const TraceId& id) { return big_endian(std::bit_cast<std::array<std::uint64_t, 2>>(id)[0]); }

std::uint64_t low_half(const TraceId& id) { return big_endian(std::bit_cast<std::array<std::uint64_t, 2>>(id)[1]); }

std::array<char, 16> to_hex(std::uint64_t id) {
    std::array<char, 16> digits;
    write_hex(id, digits.data());
    return digits;
}

std::array<char, 32> to_hex(const TraceId& id) {
    std::array<char, 32> digits;
    write_hex(high_half(id), digits.data());
    write_hex(low_half(id), digits.data() + 16);
    return digits;
}

std::optional<std::uint64_t> parse_hex_id(std::string_view digits, HexCase accepted) {
    if (digits.size() != 16) return std::nullopt;
    std::array<std::uint64_t, 2> text;
    std::memcpy(text.data(), digits.data(), sizeof text);
    if (accepted == HexCase::either) text = {in_lower_case(text[0]), in_lower_case(text[1])};
    if (!are_digits(text[0]) || !are_digits(text[1])) return std::nullopt;
    return std::uint64_t{read_hex(text[0])} << 32 | read_hex(text[1]);
}

std::optional<TraceId> parse_hex_trace_id(std::string_view digits, HexCase accepted) {
    if (digits.size() != 32) return std::nullopt;
    const auto high = parse_hex_id(digits.substr(0, 16), accepted);
    const auto low = parse_hex_id(digits.substr(16), accepted);
    if (!high || !low) return std::nullopt;
    return to_trace_id(*high, *low);
}

}  // namespace outrigger
