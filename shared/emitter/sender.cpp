#include "shared/emitter/sender.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "shared/emitter/identifiers.h"

namespace outrigger {

using namespace std::chrono_literals;

namespace {

constexpr Sender::Rest least_rest = 1ms;
constexpr Sender::Rest greatest_rest = 6ms;  // an event, and its acknowledgement, wait for no longer than that
constexpr Sender::Rest least_backoff = 10ms;
constexpr Sender::Rest greatest_backoff = 1s;
constexpr std::size_t good_write = 32 * 1024;  // worth waking up for; as much as this and the next follows at once
constexpr int writes_in_a_step = 16;

std::uint64_t sum(const DropTotals& totals) {
    std::uint64_t all = 0;
    for (const std::uint64_t total : totals) all += total;
    return all;
}

DropTotals loaded(const DropCounters& counters) {
    DropTotals totals{};
    for (std::size_t reason = 0; reason < totals.size(); ++reason)
        totals[reason] = counters.totals[reason].load(std::memory_order_relaxed);
    return totals;
}

}  // namespace

Sender::Sender(SenderSettings settings, std::atomic<Ring*>& current, DropCounters& unassigned)
    : settings_(std::move(settings)),
      current_(current),
      unassigned_(unassigned),
      user_(::geteuid()),
      backoff_(least_backoff),
      rest_(greatest_rest) {
    settings_.identity.emitter = make_emitter_id();
    std::memcpy(&jitter_, settings_.identity.emitter.data(), sizeof jitter_);
}

Sender::Rest Sender::step(Time now) noexcept {
    try {
        return take_step(now);
    } catch (const std::exception&) {  // no memory, most likely: what is in the ring stays there
        connection_.reset();
        connected_ = false;
        next_connection_ = now + greatest_backoff;
        return greatest_backoff;
    }
}

Sender::Rest Sender::take_step(Time now) {
    give_up_settled();
    make_ring(now);
    assign_drops();
    if (!connection_ && now >= next_connection_) connect(now);
    if (!connection_) {
        const bool wants_ring = rings_.empty() && !closed_;
        const Time next = wants_ring ? std::min(next_connection_, next_ring_) : next_connection_;
        return std::max(std::chrono::duration_cast<Rest>(next - now), least_rest);
    }
    return exchange(now);
}

void Sender::connect(Time now) {
    std::string refused;
    const std::vector<std::string> sockets = follow_user() ? settings_.places.sockets() : std::vector<std::string>();
    for (const std::string& socket : sockets) {
        auto stream = AgentSocket::connect(socket);
        if (!stream && stream.error().kind == ErrorKind::refuse && refused.empty())
            refused = stream.error().what + ": this process's user must be a member of the socket's group";
        if (!stream) continue;
        if (::geteuid() != user_) break;  // who has just connected is not sure
        RingFile* file = front();
        const Hello hello =
            file != nullptr ? file->hello() : Hello{.identity = settings_.identity, .first = 1, .ring = {}};
        connection_.emplace(
            Connection{socket, std::move(*stream), Session(hello, file ? &file->ring() : nullptr), now});
        return;
    }
    trouble_.connection(std::move(refused));
    next_connection_ = now + next_backoff();
}

Sender::Rest Sender::exchange(Time now) {
    Session& session = connection_->session;
    switch (receive()) {
        case Session::Verdict::refused:
            trouble_.connection(connection_->socket + ": the agent refuses this process's hello");
            [[fallthrough]];
        case Session::Verdict::behind:
            take_fresh_id();
            [[fallthrough]];
        case Session::Verdict::broken:
            disconnect(now, next_backoff());
            return least_rest;
        case Session::Verdict::fine:
            break;
    }
    connected_ = session.welcomed();
    if (connected_) trouble_.connection({});
    if (session.acknowledged() || now - connection_->since >= greatest_backoff) backoff_ = least_backoff;
    const std::optional<bool> more = send();
    if (!more) {
        disconnect(now, next_backoff());
        return least_rest;
    }
    if (session.welcomed()) settle(now);
    return *more ? Rest{0} : next_rest();
}

// As long as it takes to fill a good write at the present pace: a wake-up costs as much as some twenty events.
Sender::Rest Sender::next_rest() {
    const std::size_t filled = std::max<std::size_t>(std::exchange(filled_, 0), 1);
    const auto wanted = rest_ * static_cast<Rest::rep>(good_write) / static_cast<Rest::rep>(filled);
    rest_ = closed_ ? least_rest : std::clamp<Rest>(wanted, least_rest, greatest_rest);
    return rest_;
}

Session::Verdict Sender::receive() {
    std::array<std::byte, 4096> bytes;
    for (;;) {
        const auto received = connection_->stream.receive(bytes);
        if (!received) return Session::Verdict::broken;
        if (*received == 0) return Session::Verdict::fine;
        const auto verdict = connection_->session.take({bytes.data(), *received});
        if (verdict != Session::Verdict::fine || *received < bytes.size()) return verdict;
    }
}

// Whether there is more to send at once; nothing when the connection is over.
std::optional<bool> Sender::send() {
    Session& session = connection_->session;
    for (int write = 0; write < writes_in_a_step; ++write) {
        const std::size_t records = session.fill(totals());
        filled_ += records;
        const std::size_t waiting = session.to_send().size();
        if (waiting == 0) return false;
        const auto sent = connection_->stream.send(session.to_send());
        if (!sent) return std::nullopt;
        session.sent(*sent);
        if (*sent < waiting || records < good_write) return false;
    }
    return true;
}

void Sender::disconnect(Time now, Rest until_next) {
    if (connection_->session.welcomed()) {
        for (std::size_t reason = 0; reason < told_.size(); ++reason)
            told_[reason] = std::max(told_[reason], connection_->session.told()[reason]);
    }
    connection_.reset();
    connected_ = false;
    next_connection_ = now + until_next;
}

void Sender::say_bye() {
    Session& session = connection_->session;
    session.fill(totals());
    session.say_bye();
    (void)connection_->stream.send(session.to_send());
}

Sender::Rest Sender::next_backoff() {
    jitter_ = scrambled(jitter_ + 1);
    const Rest wait = backoff_ / 2 + backoff_ * static_cast<int>(jitter_ % 1024) / 1024;
    backoff_ = std::min(backoff_ * 2, greatest_backoff);
    return wait;
}

DropTotals Sender::totals() const { return rings_.empty() ? loaded(unassigned_) : front()->ring().drop_totals(); }

void Sender::close() noexcept {
    closed_ = true;
    current_.store(nullptr, std::memory_order_release);
    if (!rings_.empty()) rings_.back()->ring().close();
    next_connection_ = {};
}

bool Sender::drained() const {
    if (rings_.empty()) return sum(totals()) == 0 || (connection_ && connection_->session.told() == totals());
    return std::ranges::all_of(rings_, [](const auto& file) { return file->is_drained(); });
}

void Sender::part() noexcept {
    try {
        if (connection_) say_bye();
    } catch (const std::exception&) {  // unsaid, the agent finds the ring all the same
    }
    connection_.reset();
    connected_ = false;
    // Drops are told and not acknowledged: a ring that counts some is the agent's to read and to remove.
    for (const auto& file : rings_) {
        if (file->is_drained() && sum(file->ring().drop_totals()) == 0) file->remove();
    }
}

Sender::Counts Sender::counts() const {
    Counts counts;
    counts.connected = connected_;
    counts.dropped = sum(loaded(unassigned_));
    const std::scoped_lock lock(rings_mutex_);
    const auto add = [&counts](const std::unique_ptr<RingFile>& file) {
        counts.accepted += file->ring().next_number() - 1;
        counts.acknowledged += file->ring().first_unacknowledged() - 1;
        counts.dropped += sum(file->ring().drop_totals());
    };
    std::ranges::for_each(rings_, add);
    std::ranges::for_each(spent_, add);
    return counts;
}

}  // namespace outrigger
