#include "agent/intake/loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "shared/utc_clock.h"

namespace outrigger::intake {

namespace {

constexpr std::uint64_t listener_id = 1;
constexpr std::uint64_t mailbox_id = 2;
constexpr std::size_t read_bytes = 128 * 1024;
constexpr int guests_at_once = 64;
constexpr std::int64_t look_each_us = 500'000;
constexpr std::int64_t forget_each_us = std::int64_t{300} * 1'000'000;
constexpr std::int64_t gather_us = 2'000;
constexpr std::size_t gathered_bytes = 64 * 1024;

}  // namespace

Intake::Loop::Loop(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks)
    : settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      emitters_(known),
      admission_(emitters_, counters_, settings_.retention, hooks_.admit_metric, settings_.sampling),
      allowed_(settings_.allow_uids, settings_.allow_gids),
      rings_(settings_.rings_folder, allowed_, hooks_.say),
      desk_(listener, allowed_, counters_),
      notices_(hooks_.say),
      listener_(listener),
      buffer_(read_bytes) {
    poller_.add(listener, listener_id, EPOLLIN);
    poller_.add(mailbox_.descriptor(), mailbox_id, EPOLLIN);
}

void Intake::Loop::run() {
    while (!mailbox_.stopping()) {
        const std::int64_t left_us = left_to_gather_us();
        if (left_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(left_us));
        round(left_us > 0 || (rings_.draining() && admission_.has_room()) ? 0 : 250);
    }
    drain_and_stop();
}

void Intake::Loop::round(int wait_ms) {
    // Without room nobody is listened to: only the writer's word that it took the batch is waited for.
    std::span<const epoll_event> events;
    if (admission_.has_room()) {
        events = poller_.wait(wait_ms);
    } else {
        mailbox_.wait(wait_ms);
        mailbox_.wakened();
    }
    admission_.set_now(utc_us());
    for (const epoll_event& event : events) {
        answer(event);
        close_displaced();
    }
    take_receipts();
    take_stalled();
    look_around();
    forget_idle();
    offer();
}

void Intake::Loop::answer(const epoll_event& event) {
    const std::uint64_t id = event.data.u64;
    if (id == listener_id) return welcome_guests();
    if (id == mailbox_id) return mailbox_.wakened();
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    if ((event.events & EPOLLIN) != 0)
        read(*found->second);
    else if ((event.events & (EPOLLHUP | EPOLLERR)) != 0 && found->second->closing)
        close(id);
    else  // hung up, and what it sent before waits for room
        settle(*found->second);
}

void Intake::Loop::welcome_guests() {
    // Not all of a flood at once: those who are in have their turn, and who still waits is there at the next.
    int turns = guests_at_once;
    while (auto guest = desk_.next(turns)) {
        if (connections_.size() >= settings_.max_connections && !make_room_for(guest->uid)) continue;
        const std::uint64_t id = next_id_++;
        auto connection = std::make_unique<Connection>(std::move(guest->fd), id, guest->uid);
        connection->watched = EPOLLIN;
        poller_.add(connection->fd.get(), id, EPOLLIN);
        connections_.emplace(id, std::move(connection));
    }
    counters_.connections.store(connections_.size(), std::memory_order_relaxed);
}

// Either the newcomer or somebody else is turned away.
bool Intake::Loop::make_room_for(std::uint32_t uid) {
    counters_.turned_away_full.fetch_add(1, std::memory_order_relaxed);
    std::vector<Seat> taken;
    for (const auto& [id, connection] : connections_)
        taken.push_back({id, connection->uid, connection->language == Language::undecided});
    const auto seat = seat_for(uid, taken);
    if (seat) close(*seat);
    return seat.has_value();
}

void Intake::Loop::read(Connection& connection) {
    // What is left from before comes first, so that whole records can be taken in place.
    const std::size_t left = connection.input.size();
    if (left > read_bytes / 2 || !admission_.has_room()) return settle(connection);  // no room: it waits in the kernel
    std::ranges::copy(connection.input, buffer_.data());
    const ssize_t count = ::recv(connection.fd.get(), buffer_.data() + left, buffer_.size() - left, 0);
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        // Reset: the client closed with our answers unread. All that it sent has been read by now.
    }
    connection.at_end = count <= 0;
    connection.input.clear();
    take(connection, Bytes(buffer_).first(left + static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
}

void Intake::Loop::take(Connection& connection, Bytes bytes) {
    const Consumed consumed = languages_.take(connection, admission_, bytes);
    if (connection.welcome && std::ranges::find(unwelcomed_, connection.sender.id) == unwelcomed_.end())
        unwelcomed_.push_back(connection.sender.id);
    const Bytes rest = bytes.subspan(consumed.bytes);
    connection.closing = consumed.close || connection.said_bye;
    if (!connection.closing && !admission_.has_room() && !rest.empty()) {
        connection.input.assign(rest.begin(), rest.end());
        if (std::ranges::find(stalled_, connection.sender.id) == stalled_.end())
            stalled_.push_back(connection.sender.id);
    } else if (!connection.closing && connection.at_end) {
        languages_.take_rest(connection, admission_, rest);
        connection.closing = true;
    } else if (!connection.closing) {
        connection.input.assign(rest.begin(), rest.end());
    }
    settle(connection);
}

void Intake::Loop::take_stalled() {
    if (stalled_.empty() || !admission_.has_room()) return;
    const auto waiting = std::move(stalled_);
    stalled_.clear();
    for (const std::uint64_t id : waiting) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        const auto input = std::move(found->second->input);
        found->second->input = {};
        take(*found->second, input);
        close_displaced();
    }
}

void Intake::Loop::take_receipts() {
    std::span<const journal::Receipt> receipts;
    if (mailbox_.take(receipts)) {
        writer_busy_ = false;
        admission_.batch_kept();
        write_welcomes();
    }
    for (const journal::Receipt& receipt : receipts) {
        const auto found = connections_.find(receipt.connection);
        if (found == connections_.end()) {
            rings_.kept(admission_, receipt.connection, receipt.number);
            continue;
        }
        Connection& connection = *found->second;
        connection.sender.kept = receipt.number;
        connection.sender.in_flight = false;
        settle(connection);
    }
}

void Intake::Loop::write_welcomes() {
    std::erase_if(unwelcomed_, [this](std::uint64_t id) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) return true;
        Languages::welcome(*found->second, admission_);
        write_output(*found->second);
        return !found->second->welcome.has_value();
    });
}

// A batch costs a sync and four threads that wake, however little is in it: many senders, each with a little each few
// milliseconds, share one. Whoever is alone is not kept waiting.
std::int64_t Intake::Loop::left_to_gather_us() const {
    const bool full = !admission_.has_room() || admission_.batch().bytes() >= gathered_bytes;
    if (writer_busy_ || full || connections_.size() < 2 || !admission_.anything() || mailbox_.stopping()) return 0;
    const std::int64_t since_us = admission_.now_us() - offered_at_us_;
    return since_us < 0 ? 0 : std::max<std::int64_t>(gather_us - since_us, 0);  // less than nothing: the clock was set
}

void Intake::Loop::offer() {
    if (writer_busy_) return;
    if (!admission_.batch_closed()) {
        if (!admission_.anything() || left_to_gather_us() > 0) return;
        admission_.close_batch();
    }
    if (!hooks_.offer(admission_.batch())) return;
    writer_busy_ = true;
    offered_at_us_ = admission_.now_us();
    admission_.batch_taken();
}

void Intake::Loop::look_around() {
    const std::int64_t now = admission_.now_us();
    if (now - looked_at_us_ >= look_each_us || now < looked_at_us_) {
        looked_at_us_ = now;
        if (admission_.has_room()) rings_.look(admission_, now, [this] { return next_id_++; });
        look_after_socket();
        close_displaced();
        close_overdue();
        notices_.room(counters_.turned_away_full.load(std::memory_order_relaxed), connections_.size(),
                      settings_.max_connections);
        std::size_t speaking = rings_.size();
        for (const auto& [id, connection] : connections_) speaking += connection->sender.emitter != nullptr ? 1 : 0;
        counters_.emitters.store(speaking, std::memory_order_relaxed);
    }
    if (admission_.has_room()) rings_.drain(admission_);
}

void Intake::Loop::close_overdue() {
    const std::int64_t patience_us = std::chrono::microseconds(settings_.patience).count();
    std::vector<std::uint64_t> overdue;
    for (const auto& [id, connection] : connections_) {
        if (!connection->closing || connection->sender.touched || connection->sender.in_flight) continue;
        if (connection->owes_since_us == 0) connection->owes_since_us = admission_.now_us();
        if (admission_.now_us() - connection->owes_since_us >= patience_us) overdue.push_back(id);
    }
    for (const std::uint64_t id : overdue) close(id);
}

void Intake::Loop::look_after_socket() {
    if (mailbox_.stopping()) return;
    const SocketName name = hooks_.look_after_socket();
    // Another socket has the descriptor now.
    if (name == SocketName::renewed) poller_.add(listener_, listener_id, EPOLLIN);
    notices_.socket(name);
}

void Intake::Loop::forget_idle() {
    const std::int64_t now = admission_.now_us();
    if (now - forgot_at_us_ < forget_each_us && now >= forgot_at_us_) return;
    if (!rings_.seen_all()) return;  // whose ring lies there is not forgotten
    forgot_at_us_ = now;
    if (!admission_.has_room()) return;
    const auto remembered = hooks_.forget_idle(now, in_use());
    admission_.forget_idle([&](const EmitterId& id) { return std::ranges::binary_search(remembered, id); });
}

std::vector<EmitterId> Intake::Loop::in_use() const {
    std::vector<EmitterId> ids = rings_.ids();
    for (const auto& [id, connection] : connections_)
        if (connection->sender.emitter != nullptr) ids.push_back(connection->sender.emitter->identity.emitter);
    std::ranges::sort(ids);
    return ids;
}

void Intake::Loop::close(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    admission_.leave(found->second->sender);
    std::erase(unwelcomed_, id);
    connections_.erase(found);  // closing the descriptor takes it out of epoll
    counters_.connections.store(connections_.size(), std::memory_order_relaxed);
}

void Intake::Loop::close_displaced() {
    for (const std::uint64_t id : admission_.displaced()) close(id);
    admission_.displaced().clear();
}

void Intake::Loop::settle(Connection& connection) {
    const std::uint64_t id = connection.sender.id;
    Languages::acknowledge(connection);
    write_output(connection);
    if (connection.closing && connection.owes_nothing()) return close(id);
    const bool wants_input = !connection.closing && connection.input.size() <= read_bytes / 2 &&
                             std::ranges::find(stalled_, id) == stalled_.end();
    const std::uint32_t wanted = (wants_input ? EPOLLIN : 0U) | (connection.output.empty() ? 0U : EPOLLOUT);
    if (wanted == connection.watched) return;
    connection.watched = wanted;
    poller_.change(connection.fd.get(), id, wanted);
}

// What clients have already sent is taken, handed over and acknowledged; then everybody is sent home.
void Intake::Loop::drain_and_stop() {
    poller_.remove(listener_);
    while (std::chrono::steady_clock::now() < mailbox_.deadline()) {
        bool idle = stalled_.empty() && !writer_busy_ && !admission_.anything();
        for (const auto& [id, connection] : connections_) {
            std::byte one;
            const bool waiting = ::recv(connection->fd.get(), &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
            idle = idle && (!waiting || connection->closing);
        }
        if (idle) break;
        round(5);
    }
    while (!connections_.empty()) close(connections_.begin()->first);
}

}  // namespace outrigger::intake
