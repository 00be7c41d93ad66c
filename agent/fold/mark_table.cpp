#include "agent/fold/mark_table.h"

#include <algorithm>

#include "agent/fold/hash.h"

namespace outrigger::fold {

std::size_t MarkTable::Hash::operator()(const Key& key) const {
    return hash({reinterpret_cast<const char*>(key.emitter.data()), key.emitter.size()}, seed + key.uid);
}

MarkTable::MarkTable(std::size_t cap) : cap_(cap), index_(0, Hash{random_seed()}) {}

Mark& MarkTable::touch(const EmitterId& emitter, std::uint32_t uid, std::uint64_t& evicted) {
    const Key key{uid, emitter};
    if (last_ != none && key_of(nodes_[last_].mark) == key) return nodes_[last_].mark;
    const auto known = index_.find(key);
    if (known == index_.end()) {
        if (index_.size() >= cap_) {
            evict_one();
            ++evicted;
        }
        Mark made;
        made.emitter = emitter;
        made.uid = uid;
        restore(made);
        return nodes_[last_].mark;
    }
    last_ = known->second;
    unlink(last_);
    link_freshest(last_);
    return nodes_[last_].mark;
}

void MarkTable::restore(const Mark& mark) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        nodes_.emplace_back();
    }
    last_ = free_.back();
    free_.pop_back();
    nodes_[last_] = Node{mark, none, none};
    index_.insert_or_assign(key_of(mark), last_);
    link_freshest(last_);
}

std::vector<Mark> MarkTable::all() const {
    std::vector<Mark> out;
    out.reserve(index_.size());
    for (const auto& [uid, list] : uids_) {
        for (std::uint32_t at = list.idlest; at != none; at = nodes_[at].fresher) out.push_back(nodes_[at].mark);
    }
    return out;
}

void MarkTable::evict_one() {
    const auto most = std::ranges::max_element(uids_, {}, [](const auto& each) { return each.second.count; });
    erase(most->second.idlest);
}

void MarkTable::erase(std::uint32_t at) {
    unlink(at);
    index_.erase(key_of(nodes_[at].mark));
    free_.push_back(at);
    if (last_ == at) last_ = none;
}

void MarkTable::unlink(std::uint32_t at) {
    const Node& node = nodes_[at];
    const auto list = uids_.find(node.mark.uid);
    (node.idler == none ? list->second.idlest : nodes_[node.idler].fresher) = node.fresher;
    (node.fresher == none ? list->second.freshest : nodes_[node.fresher].idler) = node.idler;
    if (--list->second.count == 0) uids_.erase(list);
}

void MarkTable::link_freshest(std::uint32_t at) {
    Node& node = nodes_[at];
    Uid& list = uids_[node.mark.uid];
    node.idler = list.freshest;
    node.fresher = none;
    (list.freshest == none ? list.idlest : nodes_[list.freshest].fresher) = at;
    list.freshest = at;
    ++list.count;
}

}  // namespace outrigger::fold
