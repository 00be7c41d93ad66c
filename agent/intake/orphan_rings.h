// The rings folder: finds the rings of dead processes, drains them one after the other and removes each once everything
// in it is kept. Intake's thread alone; a live process's ring is never touched.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>

#include "agent/intake/allow_list.h"
#include "agent/intake/listing.h"
#include "agent/intake/orphan_ring.h"
#include "agent/intake/spell.h"

namespace outrigger::intake {

class OrphanRings {
  public:
    // Rings of who is not `allowed` are passed over. `say` gets a line when there begin to be rings that cannot be read
    // or are passed over, and when that is over; the counters tell the rest.
    OrphanRings(std::filesystem::path folder, AllowList& allowed, std::function<void(std::string)> say)
        : listing_(std::move(folder)), allowed_(allowed), say_(std::move(say)) {}

    // Looks at the next few thousand files of the folder; cheap when there are none. `now_us`: UTC.
    void look(Admission& admission, std::int64_t now_us, const std::function<std::uint64_t()>& new_sender_id);
    // Hands in what there is room for, of one ring.
    void drain(Admission& admission);
    // A receipt of a ring's sender: what is kept. A ring that is handed in and kept is removed. False: not one of ours.
    bool kept(Admission& admission, std::uint64_t sender_id, std::uint64_t number);

    bool draining() const;  // something is still to be handed in
    std::size_t size() const { return rings_.size(); }
    // Whose rings lie in the folder, alive or not; of all of it once seen_all().
    std::vector<EmitterId> ids() const;
    bool seen_all() const { return seen_all_; }

  private:
    struct Taken {
        OrphanRing ring;
        bool handed_in = false;
    };
    // What was found on one way through the folder.
    struct Found {
        std::map<uid_t, std::size_t> of_one_uid;
        std::vector<EmitterId> ids;
        std::set<std::string, std::less<>> corrupt, not_allowed;  // counted once, left where they are
    };
    void see(std::string_view name, Admission& admission, const std::function<std::uint64_t()>& new_sender_id);
    void take(const std::filesystem::path& file, Admission& admission, std::uint64_t sender_id);
    void pass_over(std::string_view name, Admission& admission);
    void count_corrupt(const std::filesystem::path& file, Admission& admission);
    void say_what_changed(std::int64_t now_us, bool at_end);
    void remove_kept(Admission& admission);

    Listing listing_;
    AllowList& allowed_;
    std::function<void(std::string)> say_;
    std::list<Taken> rings_;  // senders in it are pointed at by the admission
    Found before_, now_;      // the last way through, and the one that we are on
    bool seen_all_ = false;

    // Since the last look, with one of their names; then what was said of them.
    std::uint64_t new_corrupt_ = 0, new_passed_over_ = 0;
    std::string corrupt_name_, passed_over_name_;
    Spell corrupt_spell_, passed_over_spell_, crowded_spell_;
};

}  // namespace outrigger::intake
