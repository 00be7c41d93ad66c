// Bytes of a checkpoint, written and read back: numbers little-endian, texts with their length. A reader that runs out
// says so once, at the end, and reads zeros meanwhile. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/little_endian.h"
#include "shared/record.h"

namespace outrigger::fold {

class ByteWriter {
  public:
    template <std::integral T>
    void number(T value) {
        out_.resize(out_.size() + sizeof value);
        store(out_.data() + out_.size() - sizeof value, value);
    }
    void real(double value) { number(std::bit_cast<std::uint64_t>(value)); }
    void text(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        bytes({reinterpret_cast<const std::byte*>(text.data()), text.size()});
    }
    void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    template <class Array>
    void numbers(const Array& values) {  // with their count
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto value : values) number(value);
    }
    std::vector<std::byte>& out() { return out_; }

  private:
    std::vector<std::byte> out_;
};

class ByteReader {
  public:
    explicit ByteReader(Bytes bytes) : left_(bytes) {}

    template <std::integral T>
    T number() {
        const Bytes raw = bytes(sizeof(T));
        return raw.empty() ? T{} : load<T>(raw.data());
    }
    double real() { return std::bit_cast<double>(number<std::uint64_t>()); }
    std::string_view text() {
        const Bytes raw = bytes(number<std::uint32_t>());
        return {reinterpret_cast<const char*>(raw.data()), raw.size()};
    }
    Bytes bytes(std::size_t length) {
        if (length > left_.size()) {
            fail();
            return {};
        }
        const Bytes out = left_.first(length);
        left_ = left_.subspan(length);
        return out;
    }
    // How many follow, each of at least `least_bytes`: never more than there can be.
    std::size_t count(std::size_t least_bytes) {
        const std::size_t count = number<std::uint32_t>();
        if (count <= left_.size() / least_bytes) return count;
        fail();
        return 0;
    }
    // Into a fixed array; of more than it holds the rest is passed over.
    template <class Array>
    void numbers(Array& values) {
        const std::size_t count = this->count(sizeof values[0]);
        for (std::size_t at = 0; at < count; ++at) {
            const auto value = number<std::uint64_t>();
            if (at < values.size()) values[at] = value;
        }
    }
    void fail() {
        whole_ = false;
        left_ = {};
    }
    bool whole() const { return whole_; }  // nothing was missing
    bool at_end() const { return left_.empty(); }

  private:
    Bytes left_;
    bool whole_ = true;
};

}  // namespace outrigger::fold
