#include "agent/fold/key_table.h"

#include "agent/fold/hash.h"

namespace outrigger::fold {

std::uint32_t KeyTable::find(std::string_view key) const {
    const std::uint64_t hashed = hash(key, seed_);
    const auto tag = static_cast<std::uint32_t>(hashed >> 32);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hashed & mask; slots_[at].index != none; at = (at + 1) & mask) {
        if (slots_[at].tag == tag && keys_[slots_[at].index] == key) return slots_[at].index;
    }
    return none;
}

std::uint32_t KeyTable::insert(std::string_view kept_key) {
    const auto index = static_cast<std::uint32_t>(keys_.size());
    keys_.push_back(kept_key);
    if (keys_.size() * 2 > slots_.size()) {
        slots_.assign(slots_.size() * 2, Slot{});
        for (std::uint32_t each = 0; each < index; ++each) place(keys_[each], each);
    }
    place(kept_key, index);
    return index;
}

void KeyTable::place(std::string_view key, std::uint32_t index) {
    const std::uint64_t hashed = hash(key, seed_);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hashed & mask;
    while (slots_[at].index != none) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(hashed >> 32), index};
}

}  // namespace outrigger::fold
