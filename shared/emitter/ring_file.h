// The file behind a ring: made in the folder beside the agent's socket, locked for as long as this process lives, and
// mapped with its cells twice in a row. Made and held by the sender's thread. The file is never opened a second time
// in this process: closing any descriptor of it would free the lock, and a free lock says that the process is dead.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <expected>
#include <memory>
#include <string>

#include "shared/emitter/ring.h"
#include "shared/error.h"
#include "shared/file_descriptor.h"
#include "shared/protocol.h"

namespace outrigger {

class RingFile {
  public:
    // `bytes` of cells, a power of two; hello.ring is filled in by this. The folder is made when it is missing. An
    // error leaves nothing behind and is worth another try later: no room, no right (refuse), or the cap on rings is
    // reached.
    [[nodiscard]] static std::expected<std::unique_ptr<RingFile>, Error> make(const std::string& folder, Hello hello,
                                                                              std::size_t bytes);
    ~RingFile();  // the lock goes, the file stays: the agent takes what is left in it
    RingFile(const RingFile&) = delete;
    RingFile& operator=(const RingFile&) = delete;

    Ring& ring() noexcept { return ring_; }
    const Ring& ring() const noexcept { return ring_; }
    const std::string& folder() const noexcept { return folder_; }
    const Hello& hello() const noexcept { return hello_; }
    bool is_drained() const noexcept { return ring_.first_unacknowledged() == ring_.next_number(); }
    uid_t owner() const noexcept { return owner_; }  // this process's user when it was made

    void take_id(const EmitterId& fresh) noexcept;  // what is in the ring, numbers too, belongs to this id from now on
    void give_up() noexcept;                        // the lock: from now on the agent takes what is left in it
    void remove() noexcept;                         // the name; the mapping stays
    void free_cells() noexcept;                     // gives the memory back; only when nothing is read or written again

  private:
    RingFile(std::string folder, Hello hello, FileDescriptor file, std::byte* mapping, std::size_t bytes);
    ring::Header& header() const noexcept;

    std::string folder_;
    Hello hello_;
    FileDescriptor file_;  // holds the lock
    uid_t owner_ = ::geteuid();
    std::byte* mapping_;
    std::size_t bytes_;
    Ring ring_;
};

}  // namespace outrigger
