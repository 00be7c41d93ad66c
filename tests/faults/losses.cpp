#include "tests/faults/losses.h"

#include <algorithm>

namespace outrigger::faults {
namespace {

constexpr auto where_it_went = R"(
    SELECT agent, first, events FROM outrigger_drops
    UNION ALL SELECT agent, "position", 1 FROM outrigger_dead_letter
    ORDER BY 1, 2)";

constexpr auto in_two_places = R"(
    WITH stored AS (SELECT agent, "position", 'a row' AS what FROM request_log
                    UNION ALL SELECT agent, "position", 'a dead letter' FROM outrigger_dead_letter)
    SELECT what || ' at ' || s."position" || ' in a range of ' || d.reason FROM stored AS s JOIN outrigger_drops AS d
        ON s.agent = d.agent AND s."position" BETWEEN d.first AND d.last
    UNION ALL SELECT 'a row at ' || r."position" || ' and a dead letter' FROM request_log AS r
        JOIN outrigger_dead_letter AS l ON r.agent = l.agent AND r."position" = l."position")";

}  // namespace

Losses::Losses(const peers::PostgresCluster& cluster) {
    for (const auto& row : cluster.query(where_it_went)) {
        auto& of_agent = gone_[std::stol(row.at(0))];
        const std::uint64_t before = of_agent.empty() ? 0 : of_agent.back().events;
        of_agent.push_back({std::stol(row.at(1)), before + std::stoull(row.at(2))});
    }
    const auto found = cluster.query(in_two_places);
    contradictions_ = found.size();
    if (!found.empty()) example_ = found.front().at(0);
}

std::uint64_t Losses::between(long agent, long after, long position) const {
    return before(agent, position) - before(agent, after);
}

std::uint64_t Losses::before(long agent, long position) const {
    const auto of_agent = gone_.find(agent);
    if (of_agent == gone_.end()) return 0;
    const auto next = std::ranges::lower_bound(of_agent->second, position, {}, &Gone::first);
    return next == of_agent->second.begin() ? 0 : std::prev(next)->events;
}

}  // namespace outrigger::faults
