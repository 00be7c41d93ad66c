// What is said on one connection to the agent: hello, welcome, records, drop totals, acknowledgements, bye. Turns a
// ring into bytes to send and bytes received into releases; no socket, no clock. Runs on the sender's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/emitter/ring.h"
#include "shared/protocol.h"

namespace outrigger {

class Session {
  public:
    static constexpr std::size_t write_bytes = 64 * 1024;

    // Starts with the hello in out(). Without a ring it carries drop totals only. The ring outlives the session.
    Session(Hello hello, Ring* ring);

    enum class Verdict {
        fine,
        behind,   // the agent knows numbers of this id that were never taken: the emitter needs another id
        refused,  // a hello that the agent does not take: another id may be welcome
        broken,   // not our protocol: close
    };
    Verdict take(Bytes received);

    // Appends what may be sent by now, up to write_bytes in all, and says how many bytes of records that was.
    std::size_t fill(const DropTotals& totals);
    void say_bye();

    Bytes to_send() const { return out_; }
    void sent(std::size_t bytes);

    bool welcomed() const { return next_ != 0; }
    bool acknowledged() const { return acknowledged_; }  // anything, on this connection
    const DropTotals& told() const { return told_; }     // drop totals as last appended
    std::uint64_t refused() const { return refused_; }

  private:
    Verdict take_frame(Bytes frame);
    Verdict take_welcome(const Welcome& welcome);
    Verdict take_ack(const Ack& ack);
    void fill_totals(const DropTotals& totals);

    Ring* ring_;
    std::uint64_t first_;
    std::uint64_t next_ = 0;  // as the agent said in its welcome; 0: not yet
    Ring::Cursor cursor_;     // of the next record to append or to pass over
    DropTotals told_{};
    bool acknowledged_ = false;
    std::uint64_t refused_ = 0;
    std::vector<std::byte> in_;  // an incomplete frame
    std::vector<std::byte> out_;
};

}  // namespace outrigger
