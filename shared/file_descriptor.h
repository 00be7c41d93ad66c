// A file descriptor that closes itself. Used by whoever opens files and sockets. Any thread, one at a time.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <utility>

namespace outrigger {

class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}  // takes it over; negative: none
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~FileDescriptor() { reset(); }

    int get() const { return fd_; }  // -1: none
    explicit operator bool() const { return fd_ >= 0; }

    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1) {
        const int old = std::exchange(fd_, fd);
        if (old >= 0) ::close(old);
    }

  private:
    int fd_ = -1;
};

// Whether the path leads to the open file itself: it was not deleted, and nothing stands in its place.
bool has_name(int fd, const std::filesystem::path& path);

}  // namespace outrigger
