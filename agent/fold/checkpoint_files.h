// The two alternating files of a checkpoint, in the data directory or, while that cannot be written, beside the socket.
// Preallocated and grown by rename, so that a full disk does not stop them. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/fold/checkpoint.h"
#include "agent/journal/disk.h"
#include "shared/error.h"

namespace outrigger::fold {

class CheckpointFiles {
  public:
    // An empty fallback: there is none.
    CheckpointFiles(std::filesystem::path folder, std::filesystem::path fallback,
                    std::shared_ptr<journal::Disk> disk = std::make_shared<journal::Disk>());

    // The newest valid one of both places; an empty one (sequence 0, a new history) when there is none. The data
    // directory says which history is ours: what the fallback holds of another (a run whose --data-dir was mistyped)
    // is renamed to *.foreign and left for a person. `told`: whose history the data directory's other files are of, for
    // when its checkpoints cannot be read.
    Checkpoint load(const std::optional<books::History>& told = std::nullopt);
    const std::vector<std::string>& damaged() const { return damaged_; }  // files that load() could not use
    const std::vector<std::string>& foreign() const { return foreign_; }  // those it renamed, by their new names

    // Gives it the next sequence number. Durable when it returns a value: whether it had to go to the fallback.
    std::expected<bool, Error> save(Checkpoint& checkpoint);

  private:
    struct Place {
        std::filesystem::path folder;
        std::size_t next_slot = 0;
        bool unsure_of_name = false;  // of the next slot's file: whether the folder on disk shows it is not known
    };
    struct Found {
        std::size_t place = 0;
        std::size_t slot = 0;
        Checkpoint checkpoint;
    };
    std::vector<Found> find();  // oldest first
    static books::History whose(const std::vector<Found>& found, const std::optional<books::History>& told);
    void set_aside(const Found& found);
    void clear_fallback();
    std::expected<void, Error> save_to(Place& place, Bytes bytes);

    std::shared_ptr<journal::Disk> disk_;
    std::array<Place, 2> places_;
    std::uint64_t sequence_ = 0;
    books::History history_{};
    bool fallback_holds_one_ = false;
    std::vector<std::string> damaged_;
    std::vector<std::string> foreign_;
};

}  // namespace outrigger::fold
