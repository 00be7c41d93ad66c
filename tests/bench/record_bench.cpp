// What a typical request costs to encode (measure and write) and to decode. Prints the best of several rounds.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "shared/crc32c.h"
#include "shared/record.h"
#include "tests/bench/typical_request.h"

namespace {

using namespace outrigger;

template <typename Work>
double best_nanoseconds(Work work) {
    constexpr int calls = 200'000;
    double best = 1e9;
    for (int round = 0; round < 15; ++round) {
        const auto from = std::chrono::steady_clock::now();
        for (int call = 0; call < calls; ++call) work();
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - from;
        best = std::min(best, taken.count() / calls);
    }
    return best;
}

}  // namespace

int main() {
    RequestEvent event = bench::typical_request();
    std::array<std::byte, 1024> buffer{};
    std::uint64_t kept = 0;  // printed, so that nothing is optimised away
    const double encode = best_nanoseconds([&] {
        event.duration_us++;
        const auto measured = measure(event);
        write(event, *measured, buffer.data());
        kept += measured->length;
    });
    const Bytes record(buffer.data(), record_length(buffer.data()));
    const double decode = best_nanoseconds([&] {
        const auto view = RequestView::parse(record);
        kept += view->path.size() + view->status;
    });
    const double checksum = best_nanoseconds([&] { kept += crc32c(record); });
    std::printf("record of %zu bytes: measure+write %.1f ns, parse %.1f ns, crc32c %.1f ns (%llu)\n", record.size(),
                encode, decode, checksum, static_cast<unsigned long long>(kept));
}
