#include "agent/fold/exemplars.h"

#include <algorithm>
#include <tuple>

namespace outrigger::fold {

void Exemplars::set(const Exemplar& exemplar) {
    for (std::uint32_t at = heads_[exemplar.series]; at != none; at = next_[at]) {
        if (pool_[at].bucket != exemplar.bucket) continue;
        pool_[at] = exemplar;
        return;
    }
    if (pool_.size() >= greatest) return;
    next_.push_back(heads_[exemplar.series]);
    heads_[exemplar.series] = static_cast<std::uint32_t>(pool_.size());
    pool_.push_back(exemplar);
}

void sort_exemplars(std::vector<Exemplar>& exemplars) {
    std::ranges::sort(exemplars, {}, [](const Exemplar& each) { return std::tuple(each.series, each.bucket); });
}

}  // namespace outrigger::fold
