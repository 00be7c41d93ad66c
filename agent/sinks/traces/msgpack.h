// Writes msgpack into a buffer that is kept from batch to batch. Pure. Used by the trace translator.
// Numbers of Datadog's `metrics` must be float64: its agent refuses a whole payload for one float32.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <msgpack.hpp>
#include <string_view>
#include <vector>

namespace outrigger::traces {

class Msgpack {
  public:
    explicit Msgpack(std::vector<char>& out) : appender_{out}, packer_(appender_) {}

    void map(std::size_t entries) { packer_.pack_map(static_cast<std::uint32_t>(entries)); }
    void array(std::size_t elements) { packer_.pack_array(static_cast<std::uint32_t>(elements)); }
    void text(std::string_view text) {
        packer_.pack_str(static_cast<std::uint32_t>(text.size()));
        packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
    }
    void unsigned_integer(std::uint64_t value) { packer_.pack_uint64(value); }
    void integer(std::int64_t value) { packer_.pack_int64(value); }
    // Not by pack_double(), which makes an integer of a whole number.
    void number(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        std::array<char, 9> bytes{'\xcb'};
        for (std::size_t i = 1; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bits >> (64 - 8 * i) & 0xff);
        appender_.write(bytes.data(), bytes.size());
    }

  private:
    struct Appender {
        std::vector<char>& out;
        void write(const char* bytes, std::size_t count) { out.insert(out.end(), bytes, bytes + count); }
    };
    Appender appender_;
    msgpack::packer<Appender> packer_;
};

// An array of up to 2^32 elements, whose number is put in front of them later: always these many bytes.
inline constexpr std::size_t array_head_bytes = 5;

}  // namespace outrigger::traces
