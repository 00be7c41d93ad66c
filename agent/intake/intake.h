// The agent's ear: one thread and one event loop for the socket, its clients and the rings of dead processes. What it
// takes goes to the journal in batches; what is kept is acknowledged. Made and started by topology, after replay.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/intake/admission.h"
#include "agent/intake/counters.h"
#include "shared/unix_socket.h"

namespace outrigger::intake {

struct IntakeSettings {
    std::filesystem::path rings_folder;
    std::size_t max_connections = 1024;
    std::vector<std::uint32_t> allow_uids;  // empty with allow_gids empty: everyone the socket's mode admits
    std::vector<std::uint32_t> allow_gids;
    std::chrono::days retention{30};           // a start before that is mended
    std::chrono::milliseconds patience{5000};  // with a client that is to go and does not read what it is owed
    sampling::SamplerSettings sampling;
};

struct IntakeHooks {
    std::function<bool(journal::Batch&)> offer;  // to the journal's writer; never waits
    AdmitMetric admit_metric;
    // Forgets who is idle: told who is connected or has a ring; answers who is still remembered. Every few minutes.
    std::function<std::vector<EmitterId>(std::int64_t now_us, std::span<const EmitterId> in_use)> forget_idle;
    // Whether the socket's name still leads to the listener; makes it again when it was deleted. Twice a second.
    std::function<SocketName()> look_after_socket = [] { return SocketName::ours; };
    std::function<void(std::string)> say;  // one line for the log, on a change of state
};

class Intake {
  public:
    // `listener`: a listening Unix stream socket that outlives this.
    Intake(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks);
    // stop(0 s)
    ~Intake();

    // From now on clients are listened to. Once, after whoever calls kept() can reach this.
    void start();

    // The journal kept a batch: from the writer's thread.
    void kept(std::span<const journal::Receipt> receipts);

    // Takes what clients have already sent, hands it over, acknowledges what is kept, closes. Within the deadline.
    void stop(std::chrono::milliseconds deadline);

    const Counters& counters() const;

  private:
    class Loop;
    struct Running;
    std::unique_ptr<Running> running_;
};

}  // namespace outrigger::intake
