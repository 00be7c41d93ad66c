#include "agent/settings/nearest.h"

#include <algorithm>
#include <vector>

namespace outrigger::settings {
namespace {

std::string_view without_prefix(std::string_view name) {
    for (const std::string_view prefix : {"OUTRIGGER_", "DD_"}) {
        if (name.starts_with(prefix)) return name.substr(prefix.size());
    }
    return name;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
    // Three rows of the usual table: row i holds the distances of left's first i letters to right's first 0, 1, 2, ...
    std::vector<std::size_t> before(right.size() + 1), above(right.size() + 1), row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[right.size()];
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
    const auto wanted = without_prefix(name);
    std::string_view best = known.front();
    std::size_t least = edit_distance(wanted, without_prefix(best));
    for (const std::string_view each : known.subspan(1)) {
        const auto other = without_prefix(each);
        const std::size_t at_least = std::max(wanted.size(), other.size()) - std::min(wanted.size(), other.size());
        if (at_least >= least) continue;
        const std::size_t distance = edit_distance(wanted, other);
        if (distance >= least) continue;
        least = distance;
        best = each;
    }
    return best;
}

}  // namespace outrigger::settings
