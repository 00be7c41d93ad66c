#include "agent/intake/orphan_rings.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

namespace outrigger::intake {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_files = 4096;  // looked at in one go
constexpr std::size_t allowance = 2;      // the caps are no locks: processes that start together may pass them

// A file that never got its final name: its process died while it was making it.
void remove_unfinished(const fs::path& file) {
    std::error_code error;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(file, error);
    if (!error && age > std::chrono::minutes(1)) fs::remove(file, error);
}

// The id in a ring's name: 32 hex digits before the suffix.
std::optional<EmitterId> id_in(std::string_view name) {
    EmitterId id{};
    if (name.size() != 2 * id.size() + ring::file_suffix.size()) return std::nullopt;
    for (std::size_t i = 0; i < id.size(); ++i) {
        const auto [end, error] = std::from_chars(name.data() + 2 * i, name.data() + 2 * i + 2, id[i], 16);
        if (error != std::errc() || end != name.data() + 2 * i + 2) return std::nullopt;
    }
    return id;
}

}  // namespace

void OrphanRings::look(Admission& admission, std::int64_t now_us, const std::function<std::uint64_t()>& new_sender_id) {
    admission.set_now(now_us);
    const bool at_end = listing_.read(most_files, [&](std::string_view name) { see(name, admission, new_sender_id); });
    if (at_end) {
        before_ = std::exchange(now_, {});
        seen_all_ = true;
    }
    say_what_changed(now_us, at_end);
}

void OrphanRings::see(std::string_view name, Admission& admission,
                      const std::function<std::uint64_t()>& new_sender_id) {
    const bool unfinished = name.ends_with(ring::new_suffix);
    if (!unfinished && !name.ends_with(ring::file_suffix)) return;
    const fs::path file = listing_.folder() / name;
    if (unfinished) return remove_unfinished(file);
    // What one user's processes leave here is not to keep others' rings from being found.
    struct stat status{};
    if (::lstat(file.c_str(), &status) != 0) return;
    if (++now_.of_one_uid[status.st_uid] > allowance * limits::rings_of_one_uid) return;
    if (const auto id = id_in(name)) now_.ids.push_back(*id);
    if (!allowed_.has_owner(status.st_uid, status.st_gid, admission.now_us())) return pass_over(name, admission);
    if (before_.corrupt.contains(name) || now_.corrupt.contains(name)) {
        now_.corrupt.emplace(name);
    } else if (rings_.size() < allowance * limits::rings &&  // each holds a descriptor
               std::ranges::none_of(rings_, [&](const Taken& one) { return one.ring.path() == file; })) {
        take(file, admission, new_sender_id());
    }
}

// A living process's ring stays as it is.
void OrphanRings::take(const fs::path& file, Admission& admission, std::uint64_t sender_id) {
    auto ring = OrphanRing::open(file, sender_id);
    if (!ring) {
        if (ring.error() != RingState::corrupt) return;
        now_.corrupt.insert(file.filename().string());
        return count_corrupt(file, admission);
    }
    rings_.push_back({std::move(*ring)});
    OrphanRing& taken = rings_.back().ring;
    if (!taken.enter(admission)) {
        rings_.pop_back();
        now_.corrupt.insert(file.filename().string());
        count_corrupt(file, admission);
    } else if (!taken.totals_hold()) {
        count_corrupt(file, admission);
    }
}

void OrphanRings::pass_over(std::string_view name, Admission& admission) {
    if (!now_.not_allowed.emplace(name).second || before_.not_allowed.contains(name)) return;
    admission.counters().turned_away_peer.fetch_add(1, std::memory_order_relaxed);
    ++new_passed_over_;
    passed_over_name_ = name;
}

void OrphanRings::count_corrupt(const fs::path& file, Admission& admission) {
    admission.counters().rings_corrupt.fetch_add(1, std::memory_order_relaxed);
    ++new_corrupt_;
    corrupt_name_ = file.string();
}

void OrphanRings::say_what_changed(std::int64_t now_us, bool at_end) {
    using Turn = Spell::Turn;
    const std::uint64_t corrupt = std::exchange(new_corrupt_, 0);
    const std::uint64_t passed_over = std::exchange(new_passed_over_, 0);
    const auto others = [](std::uint64_t all) { return all > 1 ? " and " + std::to_string(all - 1) + " others" : ""; };
    const Turn bad = corrupt_spell_.look(corrupt, now_us);
    if (bad == Turn::begins)
        say_("ring " + corrupt_name_ + others(corrupt) +
             " of a dead process cannot be read, or not all of it: what cannot is left where it is");
    else if (bad == Turn::ends)
        say_("no ring that cannot be read has come for a minute, after " + std::to_string(corrupt_spell_.ended_with()));
    const Turn refused = passed_over_spell_.look(passed_over, now_us);
    if (refused == Turn::begins)
        say_("ring " + passed_over_name_ + others(passed_over) +
             " is passed over: its user is not in --allow-uids / --allow-gids");
    const Turn crowded = crowded_spell_.look(at_end ? 0 : 1, now_us);
    if (crowded == Turn::begins)
        say_("folder " + listing_.folder().string() + " has more than " + std::to_string(most_files) +
             " files: rings of dead processes are found later");
    else if (crowded == Turn::ends)
        say_("folder " + listing_.folder().string() + " is looked through at once again");
}

std::vector<EmitterId> OrphanRings::ids() const {
    std::vector<EmitterId> ids = before_.ids;
    ids.insert(ids.end(), now_.ids.begin(), now_.ids.end());
    for (const Taken& one : rings_) ids.push_back(one.ring.identity().emitter);  // its name may tell an older id
    return ids;
}

void OrphanRings::drain(Admission& admission) {
    const auto one = std::ranges::find(rings_, false, &Taken::handed_in);
    if (one != rings_.end()) one->handed_in = one->ring.drain(admission);
    remove_kept(admission);
}

bool OrphanRings::kept(Admission& admission, std::uint64_t sender_id, std::uint64_t number) {
    const auto found = std::ranges::find_if(rings_, [&](Taken& one) { return one.ring.sender().id == sender_id; });
    if (found == rings_.end()) return false;
    found->ring.sender().kept = number;
    found->ring.sender().in_flight = false;
    remove_kept(admission);
    return true;
}

void OrphanRings::remove_kept(Admission& admission) {
    for (auto one = rings_.begin(); one != rings_.end();) {
        Sender& sender = one->ring.sender();
        // What it had sent before it died may still be on its way to the journal, too.
        if (!one->handed_in || !admission.is_kept(sender.emitter->batch)) {
            ++one;
            continue;
        }
        admission.leave(sender);
        std::error_code error;
        fs::remove(one->ring.path(), error);
        admission.counters().rings_drained.fetch_add(1, std::memory_order_relaxed);
        one = rings_.erase(one);
    }
}

bool OrphanRings::draining() const {
    return std::ranges::any_of(rings_, [](const Taken& one) { return !one.handed_in; });
}

}  // namespace outrigger::intake
