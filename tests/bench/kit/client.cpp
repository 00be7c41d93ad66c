#include "tests/bench/kit/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include "shared/record.h"
#include "shared/unix_socket.h"

namespace outrigger::bench {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

FileDescriptor connect(const std::string& path) {
    auto fd = connect_unix(path);
    if (!fd) throw std::runtime_error(fd.error().what);
    ask_for_send_buffer(fd->get());
    return std::move(*fd);
}

}  // namespace

Client::Client(const std::string& socket, Language language) : fd_(connect(socket)), language_(language) {
    send_bytes(greeting(language));
}

std::uint64_t Client::send(const Load& load, std::uint64_t events) {
    std::uint64_t sent = 0;
    for (; sent < events; sent += load.events) {
        send_bytes(load.bytes);
        count(load.events);
    }
    return sent;
}

void Client::send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(fd_.get(), bytes.data(), std::min(bytes.size(), piece_bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN) throw std::runtime_error("the agent hangs up");
        if ((wait(POLLOUT | POLLIN, 60'000) & POLLIN) != 0) hear();
    }
}

void Client::wait_for_acknowledgement() {
    while (acknowledged_ < sent_) {
        if (wait(POLLIN, 60'000) == 0) throw std::runtime_error("no acknowledgement for a minute");
        hear();
    }
}

void Client::listen(int milliseconds) {
    if (wait(POLLIN, milliseconds) != 0) hear();
}

short Client::wait(short wanted, int milliseconds) {
    pollfd waiting{fd_.get(), wanted, 0};
    ::poll(&waiting, 1, milliseconds);
    return waiting.revents;
}

void Client::hear() {
    std::array<char, 64 * 1024> room;
    const ssize_t got = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) throw std::runtime_error("the agent hangs up");
    if (got < 0) return;
    heard_.append(room.data(), static_cast<std::size_t>(got));
    language_ == Language::lines ? take_lines() : take_frames();
}

// Whole lines; of acknowledgements only the last matters.
void Client::take_lines() {
    const std::size_t end = heard_.rfind('\n');
    if (end == std::string::npos) return;
    if (heard_.find(R"("refused")") < end) throw std::runtime_error("refused: " + heard_);
    const std::string_view whole = std::string_view(heard_).substr(0, end);
    const std::size_t at = whole.rfind(R"("seq":)");
    if (at != std::string_view::npos) acknowledged_ = std::strtoull(heard_.c_str() + at + 6, nullptr, 10);
    heard_.erase(0, end + 1);
}

void Client::take_frames() {
    std::size_t at = 0;
    while (heard_.size() - at >= frame_head_bytes) {
        const auto* frame = reinterpret_cast<const std::byte*>(heard_.data() + at);
        const std::size_t length = record_length(frame);
        if (heard_.size() - at < length) break;
        if (const auto ack = parse_ack({frame, length})) acknowledged_ = ack->number;
        at += length;
    }
    heard_.erase(0, at);
}

}  // namespace outrigger::bench
