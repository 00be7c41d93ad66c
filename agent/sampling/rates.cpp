#include "agent/sampling/rates.h"

#include <algorithm>
#include <cmath>

namespace outrigger::sampling {

Rates::Rates(Table table) : table_(std::move(table)) {
    std::erase_if(table_, [](const auto& one) { return !std::isfinite(one.second); });
    for (auto& [key, rate] : table_) rate = std::clamp(rate, 0.0, 1.0);
    const auto others = table_.find("service:,env:");
    others_ = {others == table_.end() ? 1.0 : others->second, !table_.empty()};
}

Rate Rates::of(std::string_view service, std::string_view env) const {
    if (table_.empty()) return others_;
    std::string key = "service:";
    key.append(service).append(",env:").append(env);
    const auto found = table_.find(key);
    return found == table_.end() ? others_ : Rate{found->second, true};
}

void RatesBoard::put(Rates rates) {
    auto made = std::make_shared<const Rates>(std::move(rates));
    const std::lock_guard lock(mutex_);
    rates_ = std::move(made);
    version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Rates> RatesBoard::rates() const {
    const std::lock_guard lock(mutex_);
    return rates_;
}

}  // namespace outrigger::sampling
