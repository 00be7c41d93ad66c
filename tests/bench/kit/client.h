// A client of the agent that sends as fast as it is read, in pieces of 64 KiB, and hears the acknowledgements
// meanwhile. One thread. Throws when the agent hangs up or says nothing for a minute.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/file_descriptor.h"
#include "tests/bench/kit/load.h"

namespace outrigger::bench {

class Client {
  public:
    Client(const std::string& socket, Language language);  // as a new emitter

    // At least so many events; returns how many.
    std::uint64_t send(const Load& load, std::uint64_t events);
    void wait_for_acknowledgement();  // of all that was sent
    std::uint64_t sent() const { return sent_; }
    std::uint64_t acknowledged() const { return acknowledged_; }

    // For who paces himself: waits at most so long for acknowledgements that come.
    void listen(int milliseconds);
    void send_bytes(std::string_view bytes);
    void count(std::uint64_t events) { sent_ += events; }

  private:
    short wait(short wanted, int milliseconds);
    void hear();
    void take_lines();
    void take_frames();

    FileDescriptor fd_;
    Language language_;
    std::string heard_;
    std::uint64_t sent_ = 0, acknowledged_ = 0;
};

}  // namespace outrigger::bench
