// The fields of one tuple of binary COPY, written one behind the other into room that was made for all of them. Pure.
// Used by copy_row. Format: https://www.postgresql.org/docs/15/sql-copy.html
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "shared/record.h"

namespace outrigger::rows {

class TupleWriter {
  public:
    static constexpr std::size_t fixed_bytes = 24;  // at most, of a field that is no text: its length, and it
    static std::size_t most_bytes(const TagList& tags);

    // Appends to `out`; `room`: at least as much as the fields will take.
    TupleWriter(std::vector<char>& out, std::size_t room, std::int16_t fields) : out_(out), begin_(out.size()) {
        out_.resize(begin_ + room);
        at_ = out_.data() + begin_;
        end_ = at_ + room;
        put(fields);
    }
    // Gives back the room that was not needed.
    ~TupleWriter() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
    TupleWriter(const TupleWriter&) = delete;
    TupleWriter& operator=(const TupleWriter&) = delete;

    void null() { put(std::int32_t{-1}); }
    template <class Integer>
    void integer(Integer value) {
        put(static_cast<std::int32_t>(sizeof(Integer)));
        put(value);
    }
    void text(std::string_view text) { bytes(text.data(), text.size()); }
    void text_or_null(std::string_view text) { text.empty() ? null() : this->text(text); }
    void bytes(const void* from, std::size_t length) {
        put(static_cast<std::int32_t>(length));
        raw(from, length);
    }
    // 16 bytes, IPv4 within IPv6 as ::ffff:a.b.c.d; null: none.
    void inet(const std::uint8_t* address);
    void jsonb(const TagList& tags);  // an object of strings; NULL when there are none

  private:
    template <class Integer>
    void put(Integer value) {
        if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
        raw(&value, sizeof value);
    }
    void raw(const void* from, std::size_t length) {
        assert(length <= static_cast<std::size_t>(end_ - at_));
        if (length > 0) std::memcpy(at_, from, length);
        at_ += length;
    }
    void json_string(std::string_view text);

    std::vector<char>& out_;
    const std::size_t begin_;
    char* at_;
    const char* end_;
};

}  // namespace outrigger::rows
