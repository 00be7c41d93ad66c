#include "agent/fold/offenders.h"

#include <algorithm>
#include <tuple>

namespace outrigger::fold {
namespace {

// Most first; the name decides between equals, so that a replay decides likewise.
bool is_before(const Offender& a, const Offender& b) { return std::tie(b.events, a.name) < std::tie(a.events, b.name); }

}  // namespace

void Offenders::add(std::string_view name, std::string_view example) {
    auto found = std::ranges::find(list_, name, &Offender::name);
    if (found == list_.end()) {
        if (list_.size() < greatest) {
            list_.push_back({std::string(name), 0, {}});
            found = list_.end() - 1;
        } else {
            found = std::ranges::max_element(list_, is_before);
            found->name.assign(name);
        }
    }
    ++found->events;
    found->example.assign(example);
}

std::vector<Offender> Offenders::sorted() const {
    std::vector<Offender> out = list_;
    std::ranges::sort(out, is_before);
    return out;
}

}  // namespace outrigger::fold
