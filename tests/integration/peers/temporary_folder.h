// A folder of one test, removed with it (kept when KEEP_TEST_FOLDERS is set). On disk, or in memory for sockets and
// rings.
#pragma once

#include <filesystem>

#include "tests/integration/peers/process.h"

namespace outrigger::peers {

class TemporaryFolder {
  public:
    enum class Place { disk, memory };  // $TMPDIR or /tmp; /dev/shm

    explicit TemporaryFolder(Place place = Place::disk);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }
    void swap(TemporaryFolder& other) noexcept { path_.swap(other.path_); }
    void give_to(const User& user) const;  // the folder itself, not what is in it

  private:
    std::filesystem::path path_;
};

}  // namespace outrigger::peers
