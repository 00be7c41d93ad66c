// The string tags of one span while it is put together: a key once, the first value wins, empty values are left out.
// Borrows its text. Used by the trace translator.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <string_view>
#include <utility>

#include "agent/sinks/traces/msgpack.h"
#include "shared/limits.h"
#include "shared/record.h"

namespace outrigger::traces {

class Meta {
  public:
    void set(std::string_view key, std::string_view value) {
        if (value.empty() || has(key)) return;
        assert(size_ < entries_.size());
        entries_[size_++] = {key, value};
    }
    void set(const TagList& tags) {
        for (const Tag tag : tags)
            if (!tag.key.empty()) set(tag.key, tag.value);
    }
    bool has(std::string_view key) const {
        return std::any_of(entries_.begin(), entries_.begin() + size_,
                           [key](const auto& entry) { return entry.first == key; });
    }
    void write(Msgpack& out) const {
        out.map(size_);
        for (std::size_t i = 0; i < size_; ++i) {
            out.text(entries_[i].first);
            out.text(entries_[i].second);
        }
    }

  private:
    static constexpr std::size_t of_ours = 24;
    std::array<std::pair<std::string_view, std::string_view>, limits::tags + of_ours> entries_;
    std::size_t size_ = 0;
};

}  // namespace outrigger::traces
