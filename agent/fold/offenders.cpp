#include "agent/fold/offenders.h"

#include <algorithm>

namespace outrigger::fold {

void Offenders::add(std::string_view name, std::string_view example) {
    auto found = std::ranges::find(list_, name, &Offender::name);
    if (found == list_.end()) {
        if (list_.size() < greatest) {
            list_.push_back({std::string(name), 0, {}});
            found = list_.end() - 1;
        } else {
            found = std::ranges::min_element(list_, {}, &Offender::events);
            found->name.assign(name);
        }
    }
    ++found->events;
    found->example.assign(example);
}

std::vector<Offender> Offenders::sorted() const {
    std::vector<Offender> out = list_;
    std::ranges::stable_sort(out, std::ranges::greater{}, &Offender::events);
    return out;
}

}  // namespace outrigger::fold
