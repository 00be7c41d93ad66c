#include "agent/sinks/rows/batch_size.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;
using namespace std::chrono_literals;

TEST_CASE("a batch that took too long is halved, down to one row, and grows again while Postgres is quick") {
    BatchSize size;
    CHECK(size.rows() == 30'000);
    CHECK(size.awaited() == 10'000);
    size.too_slow(30'000);
    CHECK(size.rows() == 15'000);
    size.too_slow(600);  // there was no more to store
    CHECK(size.rows() == 300);
    CHECK(size.awaited() == 300);
    size.too_slow(30'000);  // made before the last halving
    CHECK(size.rows() == 150);
    for (int i = 0; i < 20; ++i) size.too_slow(size.rows());
    CHECK(size.rows() == 1);
    size.stored(2s, 8s);  // no worse than before, and no better
    CHECK(size.rows() == BatchSize::least);
    for (int i = 0; i < 20; ++i) size.stored(50ms, 8s);
    CHECK(size.rows() == BatchSize::most);
}
