// Bytes -> index, the index being the order of arrival: open addressing, linear probing, never more than half full.
// Keys are borrowed: whoever inserts keeps them. The writer's thread alone.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace outrigger::fold {

class KeyTable {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    explicit KeyTable(std::uint64_t seed) : slots_(64), seed_(seed) {}

    std::uint32_t find(std::string_view key) const;
    // The key must not be there yet; its index is the number of keys before it.
    std::uint32_t insert(std::string_view kept_key);
    std::size_t size() const { return keys_.size(); }
    std::string_view key(std::uint32_t index) const { return keys_[index]; }

  private:
    struct Slot {
        std::uint32_t tag = 0;  // high half of the hash
        std::uint32_t index = none;
    };
    void place(std::string_view key, std::uint32_t index);

    std::vector<Slot> slots_;  // a power of two
    std::vector<std::string_view> keys_;
    std::uint64_t seed_;
};

}  // namespace outrigger::fold
