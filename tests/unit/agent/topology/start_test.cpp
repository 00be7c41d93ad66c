#include "agent/topology/start.h"

#include <doctest/doctest.h>

namespace outrigger::topology {
namespace {

TEST_CASE("the first position of a life is beyond whatever was kept, checkpointed or handled by a sink") {
    struct Row {
        std::uint64_t mark, checkpoint, rows, traces;
        std::uint64_t position;
    };
    constexpr Row rows[] = {{0, 0, 0, 0, 1}, {9, 3, 3, 3, 10}, {3, 9, 3, 3, 10}, {3, 3, 9, 3, 10}, {3, 3, 3, 9, 10}};
    for (const Row& row : rows) {
        CAPTURE(&row - rows);
        journal::Mark mark;
        mark.position = row.mark;
        mark.counts[static_cast<std::size_t>(journal::Kind::request)] = row.mark;
        mark.counts[static_cast<std::size_t>(journal::Kind::metric)] = 1;
        std::map<std::string, books::Cursor> cursors;
        cursors["rows"].position = cursors["rows"].requests = row.rows;
        cursors["traces"].position = cursors["traces"].requests = row.traces;
        const Start start = find_start(mark, row.checkpoint, row.checkpoint, cursors);
        CHECK(start.position == row.position);
        CHECK(journal::requests(start.before) == row.position - 1);
        CHECK(start.before[static_cast<std::size_t>(journal::Kind::metric)] == 1);
    }
}

}  // namespace
}  // namespace outrigger::topology
