// Writes msgpack into a buffer that is kept from batch to batch. Pure. Used by the trace translator.
// Numbers of Datadog's `metrics` must be float64: its agent refuses a whole payload for one float32.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <msgpack.hpp>
#include <string_view>
#include <vector>

namespace outrigger::traces {

class Msgpack {
  public:
    // Holds back some of what is written until it is destroyed.
    explicit Msgpack(std::vector<char>& out) : appender_(out), packer_(appender_) {}
    ~Msgpack() { appender_.flush(); }
    Msgpack(const Msgpack&) = delete;
    Msgpack& operator=(const Msgpack&) = delete;

    void map(std::size_t entries) { packer_.pack_map(static_cast<std::uint32_t>(entries)); }
    void array(std::size_t elements) { packer_.pack_array(static_cast<std::uint32_t>(elements)); }
    // A text known here, of a length that the byte before it can say.
    template <std::size_t Size>
        requires(Size <= 32)
    void name(const char (&name)[Size]) {
        std::array<char, Size> bytes{static_cast<char>(0xa0 | (Size - 1))};
        std::copy_n(name, Size - 1, bytes.begin() + 1);
        appender_.write(bytes.data(), bytes.size());
    }
    void text(std::string_view text) {
        packer_.pack_str(static_cast<std::uint32_t>(text.size()));
        packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
    }
    void unsigned_integer(std::uint64_t value) { packer_.pack_uint64(value); }
    void integer(std::int64_t value) { packer_.pack_int64(value); }
    // Not by pack_double(), which makes an integer of a whole number.
    void number(double value) {
        auto bits = std::bit_cast<std::uint64_t>(value);
        if constexpr (std::endian::native == std::endian::little) bits = std::byteswap(bits);
        std::array<char, 9> bytes{'\xcb'};
        std::memcpy(bytes.data() + 1, &bits, sizeof bits);
        appender_.write(bytes.data(), bytes.size());
    }

  private:
    // A chunk is some forty short texts: it goes into the vector in one piece.
    struct Appender {
        explicit Appender(std::vector<char>& to) : out(to) {}
        std::vector<char>& out;
        std::array<char, 4096> held;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
        std::size_t size = 0;

        void write(const char* bytes, std::size_t count) {
            if (count > held.size() - size) flush();
            if (count > held.size()) return void(out.insert(out.end(), bytes, bytes + count));
            std::memcpy(held.data() + size, bytes, count);
            size += count;
        }
        void flush() {
            out.insert(out.end(), held.data(), held.data() + size);
            size = 0;
        }
    };
    Appender appender_;
    msgpack::packer<Appender> packer_;
};

// An array of up to 2^32 elements, whose number is put in front of them later: always these many bytes.
inline constexpr std::size_t array_head_bytes = 5;

}  // namespace outrigger::traces
