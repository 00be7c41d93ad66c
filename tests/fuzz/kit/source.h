// A fuzz input read as what it decides: numbers, choices, texts, from its front; when nothing is left, zeros and
// nothing.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "shared/little_endian.h"
#include "tests/fuzz/kit/target.h"

namespace outrigger::fuzz {

class Source {
  public:
    explicit Source(Input input) : left_(input) {}

    bool empty() const { return left_.empty(); }
    std::size_t left() const { return left_.size(); }
    Input rest() const { return left_; }

    template <std::integral T>
    T number() {
        std::array<std::byte, sizeof(T)> bytes{};
        std::ranges::copy(take(sizeof(T)), bytes.begin());
        return load<T>(bytes.data());
    }
    bool flag() { return (number<std::uint8_t>() & 1) != 0; }
    std::size_t below(std::size_t end) { return number<std::uint16_t>() % end; }

    Input take(std::size_t bytes) {
        const Input taken = left_.first(std::min(bytes, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    // A byte says how long it is; 255: a text of 256 times what the next byte says.
    std::string_view text() {
        std::size_t length = number<std::uint8_t>();
        if (length == 255) length = std::size_t{256} * number<std::uint8_t>();
        const Input taken = take(length);
        return {reinterpret_cast<const char*>(taken.data()), taken.size()};
    }
    std::string_view rest_text() {
        const Input taken = take(left());
        return {reinterpret_cast<const char*>(taken.data()), taken.size()};
    }

  private:
    Input left_;
};

}  // namespace outrigger::fuzz
