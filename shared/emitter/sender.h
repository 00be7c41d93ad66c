// The emitter's one thread, without the thread: makes the ring, keeps a connection to the agent, sends what is in the
// ring and releases what is acknowledged. Everything that is due happens in step(), which never waits; time is an
// argument. Called by one thread; app threads see only the ring that it publishes.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "shared/emitter/agent_places.h"
#include "shared/emitter/agent_socket.h"
#include "shared/emitter/drop_counters.h"
#include "shared/emitter/ring_file.h"
#include "shared/emitter/session.h"
#include "shared/emitter/trouble.h"

namespace outrigger {

struct SenderSettings {
    Identity identity;  // the emitter id is made by the sender
    AgentPlaces places;
    std::size_t ring_bytes = ring::default_bytes;  // a power of two
};

class Sender {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Rest = std::chrono::microseconds;

    // `current` is the ring that app threads use, null when there is none; `unassigned` counts drops while there is
    // none. Both outlive the sender, and so does every thread that may still hold a ring it saw in `current`.
    Sender(SenderSettings settings, std::atomic<Ring*>& current, DropCounters& unassigned);
    ~Sender() = default;
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    Rest step(Time now) noexcept;  // does what is due and says how long there will be nothing
    void close() noexcept;         // no more events; a missing connection is tried at once
    bool drained() const;          // after close: all is acknowledged and all drops are told
    void part() noexcept;          // bye; removes a ring that is drained

    // Any thread.
    struct Counts {
        std::uint64_t accepted = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t dropped = 0;
        bool connected = false;
    };
    Counts counts() const;
    std::string trouble() const { return trouble_.text(); }

  private:
    struct Connection {
        std::string socket;
        AgentSocket stream;
        Session session;
        Time since;
    };

    Rest take_step(Time now);
    void make_ring(Time now);
    bool add_ring(const std::string& folder, const Identity& identity);
    void assign_drops();
    void connect(Time now);
    Rest exchange(Time now);
    Rest next_rest();
    Session::Verdict receive();
    std::optional<bool> send();
    void settle(Time now);
    bool may_move() const;
    bool move_to(const std::string& folder);
    void retire_ring();
    RingFile& spend_ring();
    void take_fresh_id();
    bool follow_user();
    void give_up_settled();
    void disconnect(Time now, Rest until_next);
    void say_bye();
    Rest next_backoff();
    DropTotals totals() const;
    RingFile* front() const { return rings_.empty() ? nullptr : rings_.front().get(); }

    SenderSettings settings_;
    std::atomic<Ring*>& current_;
    DropCounters& unassigned_;
    std::optional<Connection> connection_;
    std::atomic<bool> connected_ = false;
    uid_t user_;  // whose names the rings and the connection bear
    Trouble trouble_;
    Time next_ring_{};
    Time next_connection_{};
    DropTotals told_{};  // of the first ring, or of none, on the connections before this one
    Rest backoff_;
    Rest rest_;               // the last one on a connection
    std::size_t filled_ = 0;  // bytes of records since then
    std::uint64_t jitter_;
    bool closed_ = false;

    mutable std::mutex rings_mutex_;                // guards the two below; only the sender's thread changes them
    std::deque<std::unique_ptr<RingFile>> rings_;   // the first is being sent, the last is filled
    std::vector<std::unique_ptr<RingFile>> spent_;  // app threads may still hold them; their memory is given back
    std::vector<RingFile*> unsettled_;              // of those: to be left to the agent, and still being written
};

}  // namespace outrigger
