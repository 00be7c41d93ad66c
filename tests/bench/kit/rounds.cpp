#include "tests/bench/kit/rounds.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace outrigger::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Some five milliseconds of multiplications, each of which waits for the one before.
double spin_ms() {
    const auto start = Clock::now();
    std::uint64_t value = 1;
    for (int i = 0; i < 5'000'000; ++i) {
        value = value * 6364136223846793005U + 1442695040888963407U;
        asm volatile("" : "+r"(value));
    }
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Of a round whose first is 0: 0, 1, n-1, 2, n-2 … (E. J. Williams, 1949). Begun with another one each round, nobody
// follows the same one twice while n is even, and at most twice when it is odd.
std::size_t turn(std::size_t i, std::size_t contenders) {
    return i % 2 == 1 ? (i + 1) / 2 : (contenders - i / 2) % contenders;
}

}  // namespace

void report(std::string_view bench, std::string_view about, std::string_view what, int round, const Values& values) {
    std::printf(R"({"bench":"%.*s","about":"%.*s","what":"%.*s","round":%d,"spin_ms":%.4f,"values":{)",
                static_cast<int>(bench.size()), bench.data(), static_cast<int>(about.size()), about.data(),
                static_cast<int>(what.size()), what.data(), round, spin_ms());
    const char* comma = "";
    for (const auto& [name, value] : values) {
        // JSON knows no NaN: a measurement without events is no number.
        if (!std::isfinite(value)) continue;
        std::printf(R"(%s"%.*s":%.6g)", comma, static_cast<int>(name.size()), name.data(), value);
        comma = ",";
    }
    std::puts("}}");
    std::fflush(stdout);
}

void take_turns(std::string_view bench, std::string_view about, int rounds, const std::vector<Contender>& contenders) {
    const std::size_t count = contenders.size();
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < count; ++i) {
            const Contender& contender = contenders[(turn(i, count) + static_cast<std::size_t>(round)) % count];
            report(bench, about, contender.what, round, contender.measure());
        }
}

}  // namespace outrigger::bench
