// The event loop inside Intake: who is connected, who has something to say, when a batch is offered. Its thread is
// Intake's; others reach it through its mailbox.
#pragma once

#include <unordered_map>

#include "agent/intake/allow_list.h"
#include "agent/intake/connection.h"
#include "agent/intake/intake.h"
#include "agent/intake/languages.h"
#include "agent/intake/mailbox.h"
#include "agent/intake/notices.h"
#include "agent/intake/orphan_rings.h"
#include "agent/intake/poller.h"
#include "agent/intake/seats.h"
#include "agent/intake/welcome_desk.h"

namespace outrigger::intake {

class Intake::Loop {
  public:
    Loop(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks);

    void run();
    Mailbox& mailbox() { return mailbox_; }
    const Counters& counters() const { return counters_; }

  private:
    using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

    void round(int wait_ms);
    void answer(const epoll_event& event);
    void drain_and_stop();
    void welcome_guests();
    bool make_room_for(std::uint32_t uid);
    void read(Connection& connection);
    // Everything the bytes hold, as far as there is room; what is left goes to connection.input.
    void take(Connection& connection, Bytes bytes);
    void take_stalled();
    void take_receipts();
    void write_welcomes();
    std::int64_t left_to_gather_us() const;
    void offer();
    void look_around();
    void close_overdue();
    void look_after_socket();
    void forget_idle();
    void close(std::uint64_t id);
    void close_displaced();
    // Writes what is owed and closes when that was all; asks for the events that are wanted next.
    void settle(Connection& connection);
    std::vector<EmitterId> in_use() const;

    IntakeSettings settings_;
    IntakeHooks hooks_;
    Counters counters_;
    Emitters emitters_;
    Admission admission_;
    AllowList allowed_;
    OrphanRings rings_;
    WelcomeDesk desk_;
    Notices notices_;
    Languages languages_;
    Poller poller_;
    Mailbox mailbox_;
    int listener_;
    Connections connections_;
    std::vector<std::uint64_t> unwelcomed_;  // connections whose welcome waits for the journal
    std::vector<std::uint64_t> stalled_;     // have input that found no room
    std::vector<std::byte> buffer_;
    std::uint64_t next_id_ = 16;  // below: the loop's own descriptors
    bool writer_busy_ = false;
    std::int64_t looked_at_us_ = 0;
    std::int64_t forgot_at_us_ = 0;
    std::int64_t offered_at_us_ = 0;
};

}  // namespace outrigger::intake
