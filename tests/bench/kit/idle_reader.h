// The yardstick of everything that takes events from a socket: a process that reads and does nothing with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "shared/file_descriptor.h"

namespace outrigger::bench {

class IdleReader {
  public:
    // `pause`: how long it sleeps before each round of reading; 0: reads as it comes.
    enum class Kind : std::uint8_t { stream, datagram };
    explicit IdleReader(Kind kind, std::chrono::microseconds pause = std::chrono::microseconds(0));
    ~IdleReader();
    IdleReader(const IdleReader&) = delete;
    IdleReader& operator=(const IdleReader&) = delete;

    int fd() const { return ours_.get(); }    // what is sent here it reads
    void send(std::string_view bytes) const;  // whole; waits
    pid_t process() const { return process_; }
    // Hangs up, and returns when all that was sent has been read; its CPU time till then.
    double finish();

  private:
    FileDescriptor ours_, done_;
    pid_t process_;
};

}  // namespace outrigger::bench
