// The event loop inside Intake: who is connected, who has something to say, when a batch is offered. Its thread is
// Intake's; only kept() and ask_to_stop() come from others.
#pragma once

#include <sys/epoll.h>

#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "agent/intake/connection.h"
#include "agent/intake/intake.h"
#include "agent/intake/line_language.h"
#include "agent/intake/orphan_rings.h"
#include "agent/intake/welcome_desk.h"

namespace outrigger::intake {

class Intake::Loop {
  public:
    Loop(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks);

    void run();
    void kept(std::span<const journal::Receipt> receipts);
    void ask_to_stop(std::chrono::steady_clock::time_point deadline);
    const Counters& counters() const { return counters_; }

  private:
    using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

    void round(int wait_ms);
    int read_wake();
    void drain_and_stop();
    void welcome_guests();
    void read(Connection& connection);
    // Everything the bytes hold, as far as there is room; what is left goes to connection.input.
    void take(Connection& connection, Bytes bytes);
    Consumed take_in_language(Connection& connection, Bytes bytes);
    void end_of_input(Connection& connection);
    void take_stalled();
    void take_receipts();
    void acknowledge(Connection& connection);
    void offer();
    void look_after_rings();
    void forget_idle();
    void close(std::uint64_t id);
    void close_displaced();
    // Writes what is owed and closes when that was all; asks epoll for what is wanted next.
    void settle(Connection& connection);
    std::vector<EmitterId> in_use() const;

    IntakeSettings settings_;
    IntakeHooks hooks_;
    Counters counters_;
    Emitters emitters_;
    Admission admission_;
    OrphanRings rings_;
    WelcomeDesk desk_;
    LineLanguage lines_;
    FileDescriptor epoll_;
    FileDescriptor wake_;
    int listener_;
    Connections connections_;
    std::vector<std::uint64_t> stalled_;  // have input that found no room
    std::vector<std::byte> buffer_;
    std::uint64_t next_id_ = 16;  // below: the loop's own descriptors
    bool writer_busy_ = false;
    std::int64_t rings_looked_at_us_ = 0;
    std::int64_t forgot_at_us_ = 0;

    std::mutex mutex_;  // guards the four below
    std::vector<journal::Receipt> receipts_;
    bool batch_kept_ = false;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point deadline_;
    std::vector<journal::Receipt> taken_receipts_;
};

}  // namespace outrigger::intake
