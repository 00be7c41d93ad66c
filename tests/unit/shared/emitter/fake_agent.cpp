#include "tests/unit/shared/emitter/fake_agent.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace outrigger::test {

void FakeAgent::listen() { listener_.emplace(listen_unix(path_, 0660)); }

void FakeAgent::die() {
    connections_.clear();
    listener_.reset();
}

void FakeAgent::step() {
    while (listener_) {
        FileDescriptor socket(::accept4(listener_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) break;
        ++accepted;
        connections_.emplace_back().socket = std::move(socket);
    }
    if (!reads) return;
    for (Connection& connection : connections_) read(connection);
    std::erase_if(connections_, [](const Connection& connection) { return connection.closed; });
}

void FakeAgent::read(Connection& connection) {
    std::array<std::byte, 65'536> bytes;
    for (;;) {
        const ssize_t got = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
        if (got < 0) return;
        if (got == 0) {
            commit(connection);
            connection.closed = true;
            return;
        }
        connection.in.insert(connection.in.end(), bytes.begin(), bytes.begin() + got);
        take(connection);
    }
}

void FakeAgent::take(Connection& connection) {
    auto& in = connection.in;
    std::size_t at = 0;
    if (!connection.magic && in.size() >= record_magic.size()) {
        if (std::memcmp(in.data(), record_magic.data(), record_magic.size()) != 0) wrong.push_back("magic");
        connection.magic = true;
        at = record_magic.size();
    }
    while (connection.magic && in.size() - at >= frame_head_bytes) {
        const std::uint32_t length = record_length(in.data() + at);
        if (in.size() - at < length) break;
        take_frame(connection, Bytes(in).subspan(at, length));
        at += length;
    }
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(at));
}

void FakeAgent::take_frame(Connection& connection, Bytes frame) {
    const auto kind = static_cast<FrameKind>(frame[4]);
    if (kind == FrameKind::hello) return take_hello(connection, parse_hello(frame).value());
    if (connection.next == 0) return wrong.push_back("spoke before the welcome");
    if (kind == FrameKind::dropped) {
        const Dropped dropped = parse_dropped(frame).value();
        auto& total = connection.drops[static_cast<std::size_t>(dropped.reason)];
        total = std::max(total, dropped.total);
    } else if (kind == FrameKind::bye) {
        ++byes;
    } else {
        connection.received.emplace_back(reinterpret_cast<const char*>(frame.data()), frame.size());
        ++connection.next;
    }
}

void FakeAgent::take_hello(Connection& connection, const Hello& hello) {
    if (connection.hello) wrong.push_back("a second hello");
    hellos.push_back(hello);
    connection.hello = hello;
    if (!welcomes) return;
    if (refusals > 0) {
        --refusals;
        std::vector<std::byte> answer;
        append(answer, RefusedFrame{0, Refusal::bad_hello, "emitter: another one"});
        write(connection, answer);
        connection.closed = true;
        return;
    }
    Kept& known = kept[hello.identity.emitter];
    if (known.first == 0) known.first = hello.first;
    if (hello.first > known.next()) wrong.push_back("a gap");
    const std::uint64_t next = std::max(hello.first, known.next());
    std::vector<std::byte> answer;
    append(answer, Welcome{.next = next_override.value_or(next)});
    if (!next_override) connection.next = next;
    next_override.reset();
    write(connection, answer);
}

void FakeAgent::commit() {
    for (Connection& connection : connections_) commit(connection);
}

void FakeAgent::commit(Connection& connection) {
    if (connection.next == 0) return;
    Kept& known = kept[connection.hello->identity.emitter];
    std::ranges::move(connection.received, std::back_inserter(known.records));
    connection.received.clear();
    for (std::size_t reason = 0; reason < known.drops.size(); ++reason)
        known.drops[reason] = std::max(known.drops[reason], connection.drops[reason]);
    if (!acks || connection.acked == connection.next - 1) return;
    connection.acked = connection.next - 1;
    std::vector<std::byte> answer;
    append(answer, Ack{connection.acked});
    write(connection, answer);
}

void FakeAgent::send(const std::vector<std::byte>& frame) { write(connections_.back(), frame); }

void FakeAgent::write(const Connection& connection, const std::vector<std::byte>& frame) {
    (void)::send(connection.socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
}

}  // namespace outrigger::test
