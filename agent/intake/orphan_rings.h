// The rings folder: finds the rings of dead processes, drains them one after the other and removes each once everything
// in it is kept. Intake's thread alone; a live process's ring is never touched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <set>
#include <string>

#include "agent/intake/orphan_ring.h"

namespace outrigger::intake {

class OrphanRings {
  public:
    // `say` gets one line for each ring that cannot be read.
    OrphanRings(std::filesystem::path folder, std::function<void(std::string)> say)
        : folder_(std::move(folder)), say_(std::move(say)) {}

    // Looks through the folder for rings that can be taken; cheap when there are none.
    void look(Admission& admission, std::int64_t now_us, const std::function<std::uint64_t()>& new_sender_id);
    // Hands in what there is room for, of one ring.
    void drain(Admission& admission);
    // A receipt of a ring's sender: what is kept. A ring that is handed in and kept is removed. False: not one of ours.
    bool kept(Admission& admission, std::uint64_t sender_id, std::uint64_t number);

    bool draining() const;  // something is still to be handed in
    std::size_t size() const { return rings_.size(); }
    // Whose rings lie in the folder, alive or not, at the last look.
    std::vector<EmitterId> ids() const { return ids_; }

  private:
    struct Taken {
        OrphanRing ring;
        bool handed_in = false;
    };
    void take(const std::filesystem::path& file, Admission& admission, std::set<std::string>& corrupt,
              std::uint64_t sender_id);
    void remove_kept(Admission& admission);

    std::filesystem::path folder_;
    std::function<void(std::string)> say_;
    std::list<Taken> rings_;  // senders in it are pointed at by the admission
    std::vector<EmitterId> ids_;
    std::set<std::string> corrupt_;  // said once, left where they are; only names that are there
};

}  // namespace outrigger::intake
