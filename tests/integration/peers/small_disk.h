// A file system of its own, small enough to fill: a tmpfs, or ext4 in a file. Takes root. Unmounted at the end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class SmallDisk {
  public:
    enum class Kind { tmpfs, ext4 };
    // Mounts it at `folder`, which is made. `inodes`: how many files there may be (tmpfs; 0: plenty). `image_folder`:
    // where the file of an ext4 lies, which takes no room until it is written to. Throws.
    SmallDisk(std::filesystem::path folder, Kind kind, std::uint64_t bytes, std::uint64_t inodes = 0,
              const std::filesystem::path& image_folder = {});
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    static std::optional<std::string> unavailable();  // why this machine cannot

    void fill();         // with files of no use, until nothing fits
    void fill_inodes();  // the same with empty ones
    void make_room();    // takes them away again
    void unmount();      // at once, also while it is used: nobody finds it any more
    void shut_down();    // ext4: every write fails from now on, and what was not synced is gone, as in a power loss
    void mount_again();  // after that
    void read_only(bool on);  // whoever has files open to write must end first: throws otherwise

  private:
    void mount();

    const std::filesystem::path folder_;
    const Kind kind_;
    const std::uint64_t bytes_;
    const std::uint64_t inodes_;
    TemporaryFolder own_folder_;
    std::filesystem::path image_;
    bool mounted_ = false;
    int files_ = 0;
};

}  // namespace outrigger::peers
