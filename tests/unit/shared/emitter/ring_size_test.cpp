#include "shared/emitter/ring_size.h"

#include <doctest/doctest.h>

#include "shared/ring_format.h"

using namespace outrigger;

TEST_CASE("a size is a whole number of bytes, KiB, MiB or GiB") {
    CHECK(parse_size("4194304") == 4'194'304);
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("512KiB") == 512 * 1024);
    CHECK(parse_size("4MiB") == 4 * 1024 * 1024);
    CHECK(parse_size("1GiB") == std::size_t{1} << 30);
    for (const char* wrong :
         {"", "MiB", "4 MiB", "4mib", "4MB", "-1", "+1", "1.5MiB", "99999999999999999999", "99999999999999GiB"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_size(wrong));
    }
}

TEST_CASE("a ring has a power of two of bytes, within its limits") {
    CHECK(to_ring_bytes(ring::default_bytes) == ring::default_bytes);
    CHECK(to_ring_bytes(5'000'000) == 8 * 1024 * 1024);
    CHECK(to_ring_bytes(0) == ring::least_bytes);
    CHECK(to_ring_bytes(ring::greatest_bytes) == ring::greatest_bytes);
    CHECK_FALSE(to_ring_bytes(ring::greatest_bytes + 1));
}
