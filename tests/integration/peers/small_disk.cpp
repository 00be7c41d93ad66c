#include "tests/integration/peers/small_disk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/process.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

// linux/fs/ext4/ext4.h: EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
constexpr unsigned long ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_flushing = 2;

void must(const std::vector<std::string>& arguments) {
    const TemporaryFolder folder;
    const Finished finished =
        run({.arguments = arguments, .environment = {}, .folder = folder.path(), .name = "tool"}, 30s);
    if (finished.status != 0) throw std::runtime_error(arguments[0] + ": " + finished.errors);
}

bool is_let_go(const std::filesystem::path& image) {
    const TemporaryFolder folder;
    const Finished devices =
        run({.arguments = {"losetup", "-j", image}, .environment = {}, .folder = folder.path(), .name = "tool"}, 5s);
    return devices.status == 0 && devices.output.empty();
}

bool write_file(const std::filesystem::path& path, std::size_t bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const std::vector<char> block(bytes);
    const bool written = bytes == 0 || ::write(file, block.data(), bytes) == static_cast<ssize_t>(bytes);
    ::close(file);
    return written;
}

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path folder, Kind kind, std::uint64_t bytes, std::uint64_t inodes,
                     const std::filesystem::path& image_folder)
    : folder_(std::move(folder)),
      kind_(kind),
      bytes_(bytes),
      inodes_(inodes),
      image_((image_folder.empty() ? own_folder_.path() : image_folder) / "image") {
    std::filesystem::create_directories(folder_);
    if (kind_ == Kind::ext4) {
        must({"truncate", "-s", std::to_string(bytes_), image_});
        must({"mkfs.ext4", "-q", "-m", "0", image_});
    }
    mount();
}

SmallDisk::~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
}

std::optional<std::string> SmallDisk::unavailable() {
    if (::geteuid() != 0) return "mounting takes root";
    try {
        const TemporaryFolder folder;
        const SmallDisk tried(folder / "tmpfs", Kind::tmpfs, 1 << 20);
        const SmallDisk other(folder / "ext4", Kind::ext4, 8 << 20);
    } catch (const std::exception& error) {
        return std::string("cannot mount: ") + error.what();
    }
    return std::nullopt;
}

void SmallDisk::mount() {
    if (kind_ == Kind::ext4) {
        must({"mount", "-o", "loop", image_, folder_});
    } else {
        std::string options = "size=" + std::to_string(bytes_);
        if (inodes_ > 0) options += ",nr_inodes=" + std::to_string(inodes_);
        must({"mount", "-t", "tmpfs", "-o", options, "tmpfs", folder_});
    }
    mounted_ = true;
}

void SmallDisk::fill() {
    for (std::size_t bytes = std::size_t{1} << 20; bytes > 0; bytes /= 2)
        while (write_file(folder_ / ("filler." + std::to_string(++files_)), bytes)) {
        }
}

void SmallDisk::fill_inodes() {
    while (write_file(folder_ / ("filler." + std::to_string(++files_)), 0)) {
    }
}

void SmallDisk::make_room() {
    for (; files_ > 0; --files_) std::filesystem::remove(folder_ / ("filler." + std::to_string(files_)));
}

void SmallDisk::unmount() {
    if (::umount2(folder_.c_str(), MNT_DETACH) != 0) throw std::system_error(errno, std::generic_category(), "umount");
    mounted_ = false;
}

void SmallDisk::shut_down() {
    const int file = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::uint32_t how = without_flushing;
    const int result = ::ioctl(file, ext4_shutdown, &how);
    const int error = errno;
    ::close(file);
    if (result != 0) throw std::system_error(error, std::generic_category(), "EXT4_IOC_SHUTDOWN");
}

void SmallDisk::read_only(bool on) { must({"mount", "-o", on ? "remount,ro" : "remount,rw", folder_}); }

void SmallDisk::mount_again() {
    if (mounted_) must({"umount", folder_});
    mounted_ = false;
    // A loop device that is not yet let go would be taken again, with what it has in memory of before the cut. Where a
    // container was started meanwhile, that never happens: it has a copy of the mount. A copy of the disk, then.
    if (kind_ == Kind::ext4 && !eventually(10s, [&] { return is_let_go(image_); })) {
        const std::filesystem::path copy = image_.string() + "'";
        must({"cp", "--sparse=always", image_, copy});
        image_ = copy;
    }
    mount();
}

}  // namespace outrigger::peers
