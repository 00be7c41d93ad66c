// Which descriptors have something to say: epoll, by ids of ours. Intake's thread alone.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "shared/file_descriptor.h"

namespace outrigger::intake {

class Poller {
  public:
    Poller();  // throws when there is no descriptor

    // Events are those of epoll(7). A descriptor that is closed is forgotten by itself.
    void add(int fd, std::uint64_t id, std::uint32_t events);
    void change(int fd, std::uint64_t id, std::uint32_t events);
    void remove(int fd);
    std::span<const epoll_event> wait(int milliseconds);  // valid until the next call

  private:
    FileDescriptor epoll_;
    std::array<epoll_event, 64> events_{};
};

}  // namespace outrigger::intake
