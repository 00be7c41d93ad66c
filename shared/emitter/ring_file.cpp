#include "shared/emitter/ring_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <utility>

namespace outrigger {
namespace {

// The agent, in the folder's group, reads. Who else could write could cut the file under its mapping: SIGBUS here.
constexpr mode_t file_mode = 0640;

// A right that is missing only a person gives.
std::unexpected<Error> failed(const std::string& what, int error) {
    const bool no_right = error == EACCES || error == EPERM;
    return std::unexpected(Error{no_right ? ErrorKind::refuse : ErrorKind::retry, what + ": " + std::strerror(error)});
}

// The file under the name it has until it is whole; whatever fails, the name goes.
struct NewFile {
    int folder;
    std::string name;
    FileDescriptor file;
    ~NewFile() {
        if (!name.empty()) ::unlinkat(folder, name.c_str(), 0);
    }
};

std::string name_of(const EmitterId& id) {
    std::string name;
    for (const std::uint8_t byte : id) {
        constexpr std::string_view digits = "0123456789abcdef";
        name += {digits[byte >> 4], digits[byte & 15]};
    }
    return name.append(ring::file_suffix);
}

std::expected<FileDescriptor, Error> open_folder(const std::string& folder) {
    const bool made = ::mkdir(folder.c_str(), 02770) == 0;
    if (!made && errno != EEXIST) return failed(folder, errno);
    FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (opened.get() < 0) return failed(folder, errno);
    if (made && ::fchmod(opened.get(), 02770) != 0) return failed(folder, errno);  // past the umask
    return opened;
}

bool is_ring(std::string_view name) {
    return name.ends_with(ring::file_suffix) || name.ends_with(std::string(ring::file_suffix).append(ring::new_suffix));
}

// A cap, not a lock: processes that start at the same moment may pass it by a few. What one user leaves here, rings or
// not, counts no more than its rings may be: it denies nobody else.
std::expected<void, Error> check_caps(int folder, const std::string& path) {
    const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::unique_ptr<DIR, int (*)(DIR*)> listing(again < 0 ? nullptr : ::fdopendir(again), &::closedir);
    if (listing == nullptr) return failed(path, errno);
    std::size_t all = 0;
    std::map<uid_t, std::size_t> of_one_uid;
    while (const dirent* entry = ::readdir(listing.get())) {
        struct stat status{};
        if (!is_ring(entry->d_name) || ::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (++of_one_uid[status.st_uid] <= limits::rings_of_one_uid) ++all;
    }
    if (all < limits::rings && of_one_uid[::geteuid()] < limits::rings_of_one_uid) return {};
    return std::unexpected(Error{ErrorKind::retry, path + ": as many rings as there may be"});
}

std::expected<void, Error> prepare(NewFile& made, const std::string& path, std::size_t bytes) {
    made.file = FileDescriptor(
        ::openat(made.folder, made.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    if (made.file.get() < 0) {
        made.name.clear();
        return failed(path, errno);
    }
    // Of the process, not of the descriptor: a forked child does not hold it.
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(made.file.get(), F_SETLK, &lock) != 0) return failed(path, errno);
    if (::fchmod(made.file.get(), file_mode) != 0) return failed(path, errno);
    // Before the mapping: a page that cannot be had is an error here, and SIGBUS in the app later.
    const int error = ::posix_fallocate(made.file.get(), 0, static_cast<off_t>(ring::header_bytes + bytes));
    if (error != 0) return failed(path, error);
    return {};
}

// Header and cells, and behind them the cells once more.
std::expected<std::byte*, Error> map(int file, const std::string& path, std::size_t bytes) {
    const std::size_t once = ring::header_bytes + bytes;
    void* place = ::mmap(nullptr, once + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return failed(path, errno);
    auto* at = static_cast<std::byte*>(place);
    constexpr int access = PROT_READ | PROT_WRITE;
    if (::mmap(at, once, access, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED ||
        ::mmap(at + once, bytes, access, MAP_SHARED | MAP_FIXED, file, ring::header_bytes) == MAP_FAILED) {
        const int error = errno;
        ::munmap(place, once + bytes);
        return failed(path, error);
    }
    ::madvise(at, once + bytes, MADV_DONTFORK);        // a forked child has no business in here
    ::madvise(at, once + bytes, MADV_POPULATE_WRITE);  // record() meets no page fault, where the kernel knows this
    return at;
}

void write_hello(ring::Header& header, const Hello& hello) {
    std::vector<std::byte> frame;
    append(frame, hello);
    assert(frame.size() <= header.hello.size());
    header.emitter = hello.identity.emitter;
    header.hello_bytes = static_cast<std::uint32_t>(frame.size());
    std::memcpy(header.hello.data(), frame.data(), frame.size());
}

void write_header(std::byte* mapping, const Hello& hello, std::size_t bytes) {
    auto& header = *new (mapping) ring::Header{};
    header.magic = ring::magic;
    header.version = 1;
    header.cell_bytes = ring::cell_bytes;
    header.cells = bytes / ring::cell_bytes;
    header.reservation = ring::joined(0, 1);
    header.released_number = 1;
    write_hello(header, hello);
}

}  // namespace

std::expected<std::unique_ptr<RingFile>, Error> RingFile::make(const std::string& folder, Hello hello,
                                                               std::size_t bytes) {
    hello.ring = name_of(hello.identity.emitter);
    const std::string path = folder + "/" + hello.ring;
    const auto opened = open_folder(folder);
    if (!opened) return std::unexpected(opened.error());
    if (const auto room = check_caps(opened->get(), folder); !room) return std::unexpected(room.error());
    NewFile made{opened->get(), hello.ring + std::string(ring::new_suffix), FileDescriptor()};
    if (const auto ready = prepare(made, path, bytes); !ready) return std::unexpected(ready.error());
    const auto mapping = map(made.file.get(), path, bytes);
    if (!mapping) return std::unexpected(mapping.error());
    write_header(*mapping, hello, bytes);
    std::unique_ptr<RingFile> file(new RingFile(folder, hello, std::move(made.file), *mapping, bytes));
    if (::renameat(opened->get(), made.name.c_str(), opened->get(), hello.ring.c_str()) != 0)
        return failed(path, errno);
    made.name.clear();
    return file;
}

RingFile::RingFile(std::string folder, Hello hello, FileDescriptor file, std::byte* mapping, std::size_t bytes)
    : folder_(std::move(folder)),
      hello_(std::move(hello)),
      file_(std::move(file)),
      mapping_(mapping),
      bytes_(bytes),
      ring_(*reinterpret_cast<ring::Header*>(mapping), mapping + ring::header_bytes) {}

RingFile::~RingFile() { ::munmap(mapping_, ring::header_bytes + 2 * bytes_); }

void RingFile::take_id(const EmitterId& fresh) noexcept {
    // Killed half-way, the header has an id that is neither, and unknown to the agent all the same. It comes first: the
    // agent goes by it when the hello has another.
    hello_.identity.emitter = fresh;
    header().emitter = fresh;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(header().hello.data() + frame_head_bytes, fresh.data(), fresh.size());
}

void RingFile::give_up() noexcept { file_ = FileDescriptor(); }

void RingFile::remove() noexcept { ::unlink((folder_ + "/" + hello_.ring).c_str()); }

void RingFile::free_cells() noexcept {
    ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, ring::header_bytes,
                static_cast<off_t>(bytes_));
}

ring::Header& RingFile::header() const noexcept { return *reinterpret_cast<ring::Header*>(mapping_); }

}  // namespace outrigger
