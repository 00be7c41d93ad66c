#include "agent/intake/seats.h"

#include <algorithm>
#include <map>

namespace outrigger::intake {

std::optional<std::uint64_t> seat_for(std::uint32_t uid, std::span<const Seat> taken) {
    std::map<std::uint32_t, std::size_t> held;
    for (const Seat& seat : taken) ++held[seat.uid];
    if (held.empty()) return std::nullopt;
    const auto most = std::ranges::max_element(held, {}, [](const auto& item) { return item.second; });
    const bool others_may_go = held[uid] + 1 < most->second;
    const Seat* found = nullptr;
    for (const Seat& seat : taken) {
        if (seat.uid != most->first || (!seat.silent && !others_may_go)) continue;
        if (found == nullptr || std::pair(!seat.silent, seat.id) < std::pair(!found->silent, found->id)) found = &seat;
    }
    return found == nullptr ? std::nullopt : std::optional(found->id);
}

}  // namespace outrigger::intake
