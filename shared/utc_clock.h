// The system's clock: microseconds since 1970, UTC. It may be set, also back: what is measured with it can be too short
// or too long. Measured with it is what must outlive a restart: how long traces wait before they are too old, how long
// segments and partitions are kept. Everybody's; any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace outrigger {

inline std::int64_t to_utc_us(std::chrono::system_clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

inline std::int64_t utc_us() { return to_utc_us(std::chrono::system_clock::now()); }

}  // namespace outrigger
