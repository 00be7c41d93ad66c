// The ring of a dead process: read cell by cell, without ever mapping it, from the first number not acknowledged to the
// last one reserved. A read lock on it says that its process, which has the write lock while it lives, is dead.
// Intake's thread alone.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <vector>

#include "agent/intake/admission.h"
#include "shared/file_descriptor.h"
#include "shared/ring_format.h"

namespace outrigger::intake {

enum class RingState : std::uint8_t { alive, corrupt, gone };  // why a ring cannot be drained now

class OrphanRing {
  public:
    // Takes the ring if its process is dead. Nothing in it is believed before it is checked.
    static std::expected<OrphanRing, RingState> open(const std::filesystem::path& path, std::uint64_t sender_id);

    const Identity& identity() const { return hello_.identity; }
    std::uint64_t first() const { return first_; }
    Sender& sender() { return sender_; }
    const std::filesystem::path& path() const { return path_; }
    bool totals_hold() const { return totals_hold_; }  // else some drop totals cannot be, and are passed over

    // Says hello to the desk, as the file's owner; false: another ring has the same id, or the numbers cannot be.
    bool enter(Admission& admission);
    // Hands in what there is room for, and not too much at once. True: everything has been handed in, what was never
    // published as torn.
    bool drain(Admission& admission);

  private:
    OrphanRing(FileDescriptor file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}
    bool read_header(std::uint64_t sender_id);
    Bytes window(std::uint64_t cell, std::size_t bytes);
    void hand_in(Admission& admission, std::uint64_t number, Bytes record);
    std::uint64_t published_at(std::uint64_t cell, Bytes& record);
    bool read_round(std::uint64_t cell, std::size_t bytes, std::byte* out) const;

    FileDescriptor file_;
    std::filesystem::path path_;
    Hello hello_;
    Sender sender_;
    DropTotals drop_totals_{};
    bool totals_hold_ = true;
    std::uint64_t cells_ = 0;       // of the whole ring
    std::uint64_t cell_ = 0;        // where reading goes on
    std::uint64_t end_cell_ = 0;    // behind the last one reserved
    std::uint64_t first_ = 1;       // the first number not acknowledged
    std::uint64_t end_number_ = 1;  // behind the last one reserved
    bool entered_totals_ = false;

    std::vector<std::byte> window_;
    std::uint64_t window_cell_ = 0;
    std::uint64_t window_cells_ = 0;
};

}  // namespace outrigger::intake
