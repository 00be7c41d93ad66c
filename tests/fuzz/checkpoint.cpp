// Any bytes as a checkpoint: none, or one that is written again to bytes that say the same for ever.
#include "agent/fold/checkpoint.h"

#include <algorithm>

#include "shared/crc32c.h"
#include "shared/little_endian.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

void check(const std::vector<std::byte>& bytes) {
    const auto first = fold::decode(bytes);
    if (!first) return;
    const auto written = fold::encode(*first);
    const auto second = fold::decode(written);
    expect(second.has_value(), "what was read can be written and read");
    expect(fold::encode(*second) == written, "a checkpoint is written the same each time");
}

}  // namespace

FUZZ_TARGET(checkpoint) {
    check({input.begin(), input.end()});
    // The head made right, so that damage lies deeper.
    constexpr std::size_t head_bytes = 24;
    std::vector<std::byte> headed(head_bytes);
    constexpr std::string_view magic = "OUTRCKPT";
    std::ranges::transform(magic, headed.begin(), [](char c) { return static_cast<std::byte>(c); });
    store(headed.data() + 8, std::uint32_t{2});
    store(headed.data() + 12, crc32c(input));
    store(headed.data() + 16, std::uint64_t{input.size()});
    headed.insert(headed.end(), input.begin(), input.end());
    check(headed);
}
