// Numbers as the record, the wire and the journal hold them: little-endian, at any address. Pure, any thread.
// Neither function checks a length: the caller has sizeof(T) bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace outrigger {

template <std::integral T>
T load(const std::byte* at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    return value;
}

template <std::integral T>
void store(std::byte* at, T value) noexcept {
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    std::memcpy(at, &value, sizeof(T));
}

}  // namespace outrigger
