// One client's socket: buffered reads with a deadline and a byte allowance, writes gathered into one send for each
// response. Used by Server, on the connection's own thread; knows nothing of HTTP beyond "head, then body".
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "app/settings.h"
#include "shared/file_descriptor.h"

struct sockaddr_storage;

namespace outrigger::app {

struct ConnectionLimits {
    std::size_t head_bytes = 32 * 1024;  // request line and all headers
    std::size_t body_bytes = 1024 * 1024;
    std::chrono::milliseconds idle{75'000};  // between two requests
    std::chrono::milliseconds head{10'000};  // from the first byte to the last header
    std::chrono::milliseconds body{30'000};
    std::chrono::milliseconds write{10'000};
};

class Connection {
  public:
    Connection(FileDescriptor fd, const sockaddr_storage& peer, const ConnectionLimits& limits);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Waits for the first byte of a request. False: closed, idle for too long, or stop_fd became readable first.
    bool wait_for_request(int stop_fd);
    void begin_body();  // the head is read: another allowance, another deadline

    // As read(2): 0 is the end, -1 an error, a passed deadline or a spent allowance; then nothing more can be read.
    std::ptrdiff_t read(char* into, std::size_t size);
    bool is_readable();
    std::ptrdiff_t write(const char* data, std::size_t size);  // kept until flush(), a read that waits, or 64 KiB
    bool flush();
    bool is_writable() const { return !write_failed_; }

    int fd() const { return fd_.get(); }
    const Address& peer() const { return peer_; }
    const Address& local();

  private:
    using Clock = std::chrono::steady_clock;

    bool refill();
    void linger() const;

    FileDescriptor fd_;
    Address peer_;
    Address local_;  // empty until somebody asks
    const ConnectionLimits& limits_;
    std::array<char, 8192> in_;
    std::size_t in_at_ = 0;
    std::size_t in_end_ = 0;
    std::string out_;
    std::size_t allowance_ = 0;
    Clock::time_point deadline_;
    bool ended_ = false;
    bool read_failed_ = false;
    bool write_failed_ = false;
};

}  // namespace outrigger::app
