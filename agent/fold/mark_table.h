// The high-water marks of all emitters, each known by its uid and id; at most 65,536: beyond that the longest idle of
// the uid that holds most goes. The writer's thread, under the fold's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <unordered_map>
#include <vector>

#include "agent/fold/mark.h"

namespace outrigger::fold {

class MarkTable {
  public:
    static constexpr std::size_t greatest = 65'536;

    explicit MarkTable(std::size_t cap = greatest);

    // The mark of an emitter, now its uid's most recently used; made when it is new. `evicted` counts what had to go.
    // The reference holds until the next call.
    Mark& touch(const EmitterId& emitter, std::uint32_t uid, std::uint64_t& evicted);
    // Whether the emitter was known before touch() made its mark: its mark then has a position.
    static bool is_known(const Mark& mark) { return mark.position != 0; }

    template <class Predicate>
    void erase_if(Predicate&& predicate);

    std::size_t size() const { return index_.size(); }
    std::vector<Mark> all() const;  // longest idle first within each uid
    void restore(const Mark& mark);

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct Key {
        std::uint32_t uid = 0;
        EmitterId emitter{};
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
        std::uint64_t seed;
    };
    static Key key_of(const Mark& mark) { return {mark.uid, mark.emitter}; }
    struct Node {
        Mark mark;
        std::uint32_t idler = none;  // neighbours in its uid's list
        std::uint32_t fresher = none;
    };
    struct Uid {
        std::size_t count = 0;
        std::uint32_t idlest = none;
        std::uint32_t freshest = none;
    };
    void evict_one();
    void erase(std::uint32_t at);
    void unlink(std::uint32_t at);
    void link_freshest(std::uint32_t at);

    std::size_t cap_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<Key, std::uint32_t, Hash> index_;
    std::map<std::uint32_t, Uid> uids_;
    std::uint32_t last_ = none;  // the one touched last: batches come from one emitter at a time
};

template <class Predicate>
void MarkTable::erase_if(Predicate&& predicate) {
    std::vector<std::uint32_t> leaving;
    for (const auto& [key, at] : index_) {
        if (predicate(nodes_[at].mark)) leaving.push_back(at);
    }
    for (const std::uint32_t at : leaving) erase(at);
}

}  // namespace outrigger::fold
