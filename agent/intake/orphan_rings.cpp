#include "agent/intake/orphan_rings.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <system_error>

namespace outrigger::intake {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_files = 4096;  // looked at in one go
constexpr std::size_t allowance = 2;      // the caps are no locks: processes that start together may pass them

// A file that never got its final name: its process died while it was making it.
void remove_unfinished(const fs::directory_entry& file) {
    std::error_code error;
    const auto age = fs::file_time_type::clock::now() - file.last_write_time(error);
    if (!error && age > std::chrono::minutes(1)) fs::remove(file.path(), error);
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
    std::error_code error;
    std::size_t files = 0;
    std::size_t rings = 0;
    std::map<uid_t, std::size_t> of_one_uid;
    std::set<std::string> corrupt;
    ids_.clear();
    for (const Taken& one : rings_) ids_.push_back(one.ring.identity().emitter);  // its name may tell an older id
    for (fs::directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
        if (++files > most_files) break;
        const std::string name = file->path().filename().string();
        if (name.ends_with(ring::new_suffix)) remove_unfinished(*file);
        if (!name.ends_with(ring::file_suffix)) continue;
        // What one user's processes leave here is not to keep others' rings from being found.
        struct stat status{};
        if (::lstat(file->path().c_str(), &status) != 0) continue;
        if (++of_one_uid[status.st_uid] > allowance * limits::rings_of_one_uid) continue;
        if (++rings > allowance * limits::rings) break;
        if (const auto id = id_in(name)) ids_.push_back(*id);
        if (corrupt_.contains(name))
            corrupt.insert(name);
        else if (std::ranges::none_of(rings_, [&](const Taken& one) { return one.ring.path() == file->path(); }))
            take(file->path(), admission, corrupt, new_sender_id());
    }
    corrupt_ = std::move(corrupt);
}

// A living process's ring stays as it is.
void OrphanRings::take(const fs::path& file, Admission& admission, std::set<std::string>& corrupt,
                       std::uint64_t sender_id) {
    auto ring = OrphanRing::open(file, sender_id);
    const bool readable = ring || ring.error() != RingState::corrupt;
    if (ring) rings_.push_back({std::move(*ring)});
    if (readable && (!ring || rings_.back().ring.enter(admission))) return;
    if (ring) rings_.pop_back();
    corrupt.insert(file.filename().string());
    admission.counters().rings_corrupt.fetch_add(1, std::memory_order_relaxed);
    say_("ring " + file.string() + " of a dead process cannot be read: it is left where it is");
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
