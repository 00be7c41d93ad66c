// A folder on tmpfs for one test, removed with it: sockets and rings live there.
#pragma once

#include <filesystem>
#include <string>

namespace outrigger::test {

class MemoryFolder {
  public:
    MemoryFolder();
    ~MemoryFolder();
    MemoryFolder(const MemoryFolder&) = delete;
    MemoryFolder& operator=(const MemoryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

}  // namespace outrigger::test
