#include "agent/sinks/rows/resume.h"

namespace outrigger::rows {

Plan compare(const Belief& belief, const std::optional<LedgerRow>& row) {
    if (!row && !belief.numbered) return {Resume::begin, belief.begin, 0};
    if (!row) return {Resume::look};
    if (row->position > belief.reach) return {Resume::foreign};
    if (row->position < belief.cursor && !belief.fresh) return {Resume::look};
    return {Resume::go_on, row->position, row->accepted};
}

Plan compare(const Belief& belief, const Stored& stored) {
    if (stored.greatest > belief.reach) return {Resume::foreign};
    if (stored.greatest == 0) return {Resume::begin, belief.begin, 0};
    return {Resume::go_on, stored.greatest, stored.events};
}

}  // namespace outrigger::rows
