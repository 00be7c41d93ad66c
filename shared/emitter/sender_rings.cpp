// The sender's rings: where they are made, when another takes their place, and whose they are.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "shared/emitter/identifiers.h"
#include "shared/emitter/sender.h"
#include "shared/runtime_folder.h"

namespace outrigger {

using namespace std::chrono_literals;

namespace {

constexpr Sender::Rest ring_retry = 1s;
constexpr std::size_t greatest_moves = 8;  // to another folder or user; each keeps a page of memory

}  // namespace

// A ring lies beside the socket of its agent: the one connected to, else where one is or may come.
void Sender::make_ring(Time now) {
    if (closed_ || !rings_.empty() || now < next_ring_) return;
    next_ring_ = now + ring_retry;
    if (::geteuid() != user_) {  // drops that were told belong to the user of before
        if (connection_) disconnect(now, 0ms);
        follow_user();
    }
    const auto folders = connection_ ? std::vector{rings_folder(connection_->socket)} : settings_.places.ring_folders();
    for (const std::string& folder : folders) {
        if (!add_ring(folder, settings_.identity)) continue;
        if (connection_) disconnect(now, 0ms);  // a hello names the ring
        return;
    }
}

bool Sender::add_ring(const std::string& folder, const Identity& identity) {
    auto made = RingFile::make(folder, Hello{.identity = identity, .first = 1, .ring = {}}, settings_.ring_bytes);
    if (!made && made.error().kind == ErrorKind::refuse)
        trouble_.ring(made.error().what + ": this process's user must be a member of that folder's group");
    if (!made) return false;
    trouble_.ring({});
    const std::scoped_lock lock(rings_mutex_);
    rings_.push_back(std::move(*made));
    current_.store(&rings_.back()->ring(), std::memory_order_release);
    return true;
}

void Sender::assign_drops() {
    if (rings_.empty()) return;
    for (std::size_t reason = 0; reason < unassigned_.totals.size(); ++reason) {
        const std::uint64_t total = unassigned_.totals[reason].load(std::memory_order_relaxed);
        if (total == 0) continue;
        rings_.back()->ring().add_drops(static_cast<DropReason>(reason), total);
        unassigned_.totals[reason].fetch_sub(total, std::memory_order_relaxed);
    }
}

// Rings that are not where the connected agent looks for them: a new one is filled there, and the old one is closed,
// sent to the end and removed.
void Sender::settle(Time now) {
    const Session& session = connection_->session;
    if (rings_.size() > 1 && front()->is_drained() && session.told() == totals() && session.to_send().empty()) {
        say_bye();
        retire_ring();
        disconnect(now, 0ms);
        return;
    }
    const std::string folder = rings_folder(connection_->socket);
    if (closed_ || rings_.empty() || rings_.back()->folder() == folder || now < next_ring_) return;
    if (!may_move()) return;
    next_ring_ = now + ring_retry;
    move_to(folder);
}

bool Sender::may_move() const { return rings_.size() + spent_.size() <= greatest_moves; }

// A new ring, of a new id, is filled there; the last one takes nothing more. False: none can be made.
bool Sender::move_to(const std::string& folder) {
    Identity identity = settings_.identity;
    identity.emitter = make_emitter_id();
    RingFile& old = *rings_.back();
    if (!add_ring(folder, identity)) return false;
    old.ring().close();
    return true;
}

void Sender::retire_ring() {
    RingFile& file = spend_ring();
    file.remove();
    file.free_cells();
}

// The first is sent from no more.
RingFile& Sender::spend_ring() {
    const std::scoped_lock lock(rings_mutex_);
    spent_.push_back(std::move(rings_.front()));
    rings_.pop_front();
    told_ = {};
    return *spent_.back();
}

// The agent counts drops of the fresh id from nothing: what it was told under the old one is not said again.
void Sender::take_fresh_id() {
    const EmitterId fresh = make_emitter_id();
    for (std::size_t reason = 0; reason < told_.size(); ++reason) {
        if (front() != nullptr)
            front()->ring().forget_drops(static_cast<DropReason>(reason), told_[reason]);
        else
            unassigned_.totals[reason].fetch_sub(told_[reason], std::memory_order_relaxed);
    }
    told_ = {};
    if (front() != nullptr)
        front()->take_id(fresh);
    else
        settings_.identity.emitter = fresh;
}

// A ring, and the id in it, belong to the user that made it. When the process has become another's it goes on with a
// ring of that one's, and what it can no longer send in the old user's name is left for the agent to drain, which knows
// how far it has come with it. False: no such ring can be made, so that the old one stays, and fills.
bool Sender::follow_user() {
    const uid_t user = ::geteuid();
    if (rings_.empty()) {
        if (user != user_) take_fresh_id();
    } else if (rings_.back()->owner() != user && !closed_) {
        if (!may_move() || !move_to(rings_.back()->folder())) return false;
    }
    while (!rings_.empty() && rings_.front()->owner() != user) unsettled_.push_back(&spend_ring());
    give_up_settled();
    user_ = user;
    return true;
}

// A thread may still be writing what it has reserved. One that never ends keeps the ring until the process does.
void Sender::give_up_settled() {
    std::erase_if(unsettled_, [](RingFile* file) {
        const bool settled = file->ring().settled();
        if (settled) file->give_up();
        return settled;
    });
}

}  // namespace outrigger
