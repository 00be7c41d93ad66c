#include "agent/intake/loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/intake/record_language.h"

namespace outrigger::intake {

namespace {

constexpr std::uint64_t listener_id = 1;
constexpr std::uint64_t wake_id = 2;
constexpr std::size_t read_bytes = 128 * 1024;
constexpr std::int64_t look_each_us = 500'000;
constexpr std::int64_t forget_each_us = std::int64_t{300} * 1'000'000;

std::int64_t utc_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void watch(int epoll, int fd, std::uint64_t id, std::uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    ::epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

Intake::Loop::Loop(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks)
    : settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      emitters_(known),
      admission_(emitters_, counters_, settings_.retention, hooks_.admit_metric),
      rings_(settings_.rings_folder),
      desk_(listener, settings_.allow_uids, settings_.allow_gids, settings_.max_connections, counters_),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      listener_(listener),
      buffer_(read_bytes) {
    if (epoll_.get() < 0 || wake_.get() < 0)
        throw std::runtime_error(std::string("intake: no event loop: ") + std::strerror(errno));
    watch(epoll_.get(), listener, listener_id, EPOLLIN, EPOLL_CTL_ADD);
    watch(epoll_.get(), wake_.get(), wake_id, EPOLLIN, EPOLL_CTL_ADD);
}

void Intake::Loop::kept(std::span<const journal::Receipt> receipts) {
    {
        const std::lock_guard lock(mutex_);
        receipts_.insert(receipts_.end(), receipts.begin(), receipts.end());
        batch_kept_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
}

void Intake::Loop::ask_to_stop(std::chrono::steady_clock::time_point deadline) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ = deadline;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
}

void Intake::Loop::run() {
    while (true) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) break;
        }
        round(rings_.draining() && admission_.has_room() ? 0 : 250);
    }
    drain_and_stop();
}

void Intake::Loop::round(int wait_ms) {
    std::array<epoll_event, 64> events;
    // Without room nobody is listened to: only the writer's word that it took the batch is waited for.
    pollfd wake{wake_.get(), POLLIN, 0};
    if (!admission_.has_room()) ::poll(&wake, 1, wait_ms);
    const int count =
        admission_.has_room() ? ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms) : read_wake();
    admission_.set_now(utc_us());
    for (int i = 0; i < count; ++i) {
        const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
        if (id == listener_id) {
            welcome_guests();
        } else if (id == wake_id) {
            read_wake();
        } else if (const auto found = connections_.find(id); found != connections_.end()) {
            Connection& connection = *found->second;
            const std::uint32_t happened = events[static_cast<std::size_t>(i)].events;
            if ((happened & EPOLLIN) != 0)
                read(connection);
            else if ((happened & (EPOLLHUP | EPOLLERR)) != 0 && connection.closing)
                close(id);
            else  // hung up, and what it sent before waits for room
                settle(connection);
        }
        close_displaced();
    }
    take_receipts();
    take_stalled();
    look_after_rings();
    forget_idle();
    offer();
}

int Intake::Loop::read_wake() {
    std::uint64_t value = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &value, sizeof(value));
    return 0;
}

void Intake::Loop::welcome_guests() {
    while (auto guest = desk_.next(connections_.size())) {
        const std::uint64_t id = next_id_++;
        auto connection = std::make_unique<Connection>(std::move(guest->fd), id, guest->uid);
        connection->watched = EPOLLIN;
        watch(epoll_.get(), connection->fd.get(), id, EPOLLIN, EPOLL_CTL_ADD);
        connections_.emplace(id, std::move(connection));
    }
    counters_.connections.store(connections_.size(), std::memory_order_relaxed);
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
    const Consumed consumed = take_in_language(connection, bytes);
    const Bytes rest = bytes.subspan(consumed.bytes);
    connection.input.assign(rest.begin(), rest.end());
    if (consumed.close) {
        connection.closing = true;
        connection.input.clear();
    } else if (!admission_.has_room() && !rest.empty()) {
        if (std::ranges::find(stalled_, connection.sender.id) == stalled_.end())
            stalled_.push_back(connection.sender.id);
        return settle(connection);
    }
    if (connection.at_end) end_of_input(connection);
    settle(connection);
}

Consumed Intake::Loop::take_in_language(Connection& connection, Bytes bytes) {
    if (connection.language == Language::undecided && !bytes.empty()) {
        const std::size_t length = std::min(bytes.size(), record_magic.size());
        if (bytes[0] == std::byte{'{'}) {
            connection.language = Language::lines;
        } else if (std::memcmp(bytes.data(), record_magic.data(), length) != 0) {
            counters_.bad_language.fetch_add(1, std::memory_order_relaxed);
            return {bytes.size(), true};
        } else if (length == record_magic.size()) {
            connection.language = Language::records;
        }
    }
    if (connection.language == Language::lines) return lines_.take(connection, admission_, bytes);
    if (connection.language == Language::records) return records::take(connection, admission_, bytes);
    return {};
}

void Intake::Loop::end_of_input(Connection& connection) {
    if (connection.language == Language::lines && !connection.input.empty() && !connection.closing)
        lines_.take_rest(connection, admission_, connection.input);
    connection.input.clear();
    connection.closing = true;
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
    bool batch_kept = false;
    {
        const std::lock_guard lock(mutex_);
        taken_receipts_.clear();
        taken_receipts_.swap(receipts_);
        std::swap(batch_kept, batch_kept_);
    }
    if (batch_kept) writer_busy_ = false;
    for (const journal::Receipt& receipt : taken_receipts_) {
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

void Intake::Loop::acknowledge(Connection& connection) {
    if (connection.sender.kept <= connection.acknowledged || connection.output.size() > output_limit) return;
    connection.acknowledged = connection.sender.kept;
    if (connection.language == Language::records)
        records::acknowledge(connection, connection.acknowledged);
    else
        LineLanguage::acknowledge(connection, connection.acknowledged);
}

void Intake::Loop::offer() {
    if (writer_busy_) return;
    if (!admission_.batch_closed()) {
        if (!admission_.anything()) return;
        admission_.close_batch();
    }
    if (!hooks_.offer(admission_.batch())) return;
    writer_busy_ = true;
    admission_.batch_taken();
}

void Intake::Loop::look_after_rings() {
    const std::int64_t now = admission_.now_us();
    if (now - rings_looked_at_us_ >= look_each_us || now < rings_looked_at_us_) {
        rings_looked_at_us_ = now;
        if (admission_.has_room()) rings_.look(admission_, now, [this] { return next_id_++; });
        close_displaced();
        std::size_t speaking = rings_.size();
        for (const auto& [id, connection] : connections_) speaking += connection->sender.emitter != nullptr ? 1 : 0;
        counters_.emitters.store(speaking, std::memory_order_relaxed);
    }
    if (admission_.has_room()) rings_.drain(admission_);
}

void Intake::Loop::forget_idle() {
    const std::int64_t now = admission_.now_us();
    if (now - forgot_at_us_ < forget_each_us && now >= forgot_at_us_) return;
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
    connections_.erase(found);  // closing the descriptor takes it out of epoll
    counters_.connections.store(connections_.size(), std::memory_order_relaxed);
}

void Intake::Loop::close_displaced() {
    for (const std::uint64_t id : admission_.displaced()) close(id);
    admission_.displaced().clear();
}

void Intake::Loop::settle(Connection& connection) {
    const std::uint64_t id = connection.sender.id;
    acknowledge(connection);
    write_output(connection);
    if (connection.closing && connection.owes_nothing()) return close(id);
    const bool wants_input = !connection.closing && connection.input.size() <= read_bytes / 2 &&
                             std::ranges::find(stalled_, id) == stalled_.end();
    const std::uint32_t wanted = (wants_input ? EPOLLIN : 0U) | (connection.output.empty() ? 0U : EPOLLOUT);
    if (wanted == connection.watched) return;
    connection.watched = wanted;
    watch(epoll_.get(), connection.fd.get(), id, wanted, EPOLL_CTL_MOD);
}

// What clients have already sent is taken, handed over and acknowledged; then everybody is sent home.
void Intake::Loop::drain_and_stop() {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_, nullptr);
    while (std::chrono::steady_clock::now() < deadline_) {
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
