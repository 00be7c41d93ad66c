// The client library's door: an app makes one Emitter, calls start() in each process, and record() for each request.
// record() may be called from any thread; it never blocks, never throws, makes no system call, takes no lock and
// allocates nothing. What cannot be kept is dropped and counted, never waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shared/event.h"

namespace outrigger {

struct EmitterSettings {
    std::optional<std::string> socket;  // none: OUTRIGGER_SOCKET, else the first agent found in the usual places
    std::string service;                // empty: the agent's own, for these three
    std::string env;
    std::string version;
    std::optional<std::size_t> ring_bytes;  // none: OUTRIGGER_RING_SIZE, else 4 MiB; rounded up to a power of two
};

enum class Recorded : std::uint8_t { accepted, ring_full, not_started, no_ring, too_long, invalid };

class ProcessPage;
class Incarnation;

class Emitter {
  public:
    // Throws std::invalid_argument on settings that cannot be, std::system_error without memory or on a kernel before
    // Linux 4.14.
    explicit Emitter(EmitterSettings settings);
    ~Emitter();  // stop(2 s)
    Emitter(const Emitter&) = delete;
    Emitter& operator=(const Emitter&) = delete;

    // Makes this process's ring, id and sender thread. Call it in each process, after fork; a second call in the same
    // process does nothing. Without an agent or a ring the app runs on and the sender tries again each second; without
    // even a thread everything drops as not_started until the next call. start() and stop() are for one thread; no
    // record() of before a stop() may still run at the next start().
    void start();

    // Accepted means in the ring: it outlives this process. Fields beyond their limits are cut, see limits.h.
    Recorded record(const RequestEvent& event) noexcept;
    Recorded record(const MetricEvent& event) noexcept;

    // Sends what is left, waits for its acknowledgement until the deadline, says bye. What is still unacknowledged
    // stays in the ring, and the agent takes it from there. Events after it drop as not_started, until start().
    void stop(std::chrono::milliseconds deadline);

    struct Counts {
        std::uint64_t accepted = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t dropped = 0;  // all reasons
        bool connected = false;
    };
    Counts counts() const;

    // What keeps this process from the agent and only a person can mend, for the app's log: the file, the error, the
    // remedy; empty: nothing, as far as is known. An agent that is away is no trouble. Any thread.
    std::string trouble() const;

  private:
    Recorded drop() noexcept;
    void abandon_if_inherited() noexcept;

    EmitterSettings settings_;
    std::unique_ptr<ProcessPage> process_;
    std::unique_ptr<Incarnation> incarnation_;  // of this process, or left by the one it was forked from
};

}  // namespace outrigger
