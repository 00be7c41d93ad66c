// The string tags of one span while it is put together: a key once, the first value wins, empty values are left out.
// Borrows its text. Used by the trace translator.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <string_view>

#include "agent/sinks/traces/msgpack.h"
#include "shared/limits.h"
#include "shared/record.h"

namespace outrigger::traces {

class Meta {
  public:
    // A key that none before it can have.
    void add(std::string_view key, std::string_view value) {
        if (value.empty()) return;
        assert(size_ < entries_.size());
        entries_[size_++] = {key.data(), key.size(), value.data(), value.size()};
    }
    void set(std::string_view key, std::string_view value) {
        if (!has(key)) add(key, value);
    }
    void set(const TagList& tags) {
        for (const Tag tag : tags)
            if (!tag.key.empty()) set(tag.key, tag.value);
    }
    bool has(std::string_view key) const {
        return std::any_of(entries_.begin(), entries_.begin() + size_,
                           [key](const Entry& entry) { return entry.key() == key; });
    }
    void write(Msgpack& out) const {
        out.map(size_);
        for (std::size_t i = 0; i < size_; ++i) {
            out.text(entries_[i].key());
            out.text(entries_[i].value());
        }
    }

  private:
    // Not of string_view, which would be cleared, all of them, for each span.
    struct Entry {
        const char* key_at;
        std::size_t key_bytes;
        const char* value_at;
        std::size_t value_bytes;

        std::string_view key() const { return {key_at, key_bytes}; }
        std::string_view value() const { return {value_at, value_bytes}; }
    };
    static constexpr std::size_t of_ours = 24;
    std::array<Entry, limits::tags + of_ours> entries_;  // NOLINT(cppcoreguidelines-pro-type-member-init): as above
    std::size_t size_ = 0;
};

}  // namespace outrigger::traces
