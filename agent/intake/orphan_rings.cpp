#include "agent/intake/orphan_rings.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <system_error>

namespace outrigger::intake {

namespace fs = std::filesystem;

namespace {

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
    std::size_t seen = 0;
    ids_.clear();
    for (fs::directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
        const std::string name = file->path().filename().string();
        if (name.ends_with(ring::new_suffix)) {
            remove_unfinished(*file);
            continue;
        }
        if (!name.ends_with(ring::file_suffix) || ++seen > limits::rings * 2 || corrupt_.contains(name)) continue;
        if (const auto id = id_in(name)) ids_.push_back(*id);
        const bool taken =
            std::ranges::any_of(rings_, [&](const Taken& one) { return one.ring.path() == file->path(); });
        if (taken) continue;
        auto ring = OrphanRing::open(file->path(), new_sender_id());
        if (!ring) {
            if (ring.error() == RingState::corrupt) {
                corrupt_.insert(name);
                admission.counters().rings_corrupt.fetch_add(1, std::memory_order_relaxed);
            }
            continue;
        }
        rings_.push_back({std::move(*ring)});
        if (!rings_.back().ring.enter(admission)) {
            rings_.pop_back();
            corrupt_.insert(name);
            admission.counters().rings_corrupt.fetch_add(1, std::memory_order_relaxed);
        }
    }
}

void OrphanRings::drain(Admission& admission) {
    for (Taken& one : rings_) {
        if (one.handed_in) continue;
        if (!admission.has_room()) return;
        one.handed_in = one.ring.drain(admission);
    }
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
        if (!one->handed_in || sender.touched || sender.in_flight) {
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
