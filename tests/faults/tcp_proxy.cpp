#include "tests/faults/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace outrigger::faults {
namespace {

using namespace std::chrono_literals;

sockaddr_in address_of(const std::string& host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    return address;
}

FileDescriptor tcp_socket() {
    FileDescriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

// Its close() is a reset.
void make_abrupt(int socket) {
    const linger abrupt{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
}

}  // namespace

TcpProxy::TcpProxy(int server_port, const std::string& host, int port)
    : listener_(tcp_socket()), server_port_(server_port) {
    auto address = address_of(host, port);
    socklen_t length = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no port for the proxy");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
}

TcpProxy::~TcpProxy() {
    stopping_ = true;
    thread_.join();
}

void TcpProxy::judge(std::function<Fate(std::string_view)> judge) {
    const std::lock_guard lock(mutex_);
    judge_ = std::move(judge);
}

TcpProxy::Fate TcpProxy::fate_of(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    return judge_ ? judge_(bytes) : Fate::pass;
}

void TcpProxy::run() {
    while (!stopping_) {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 20) <= 0) continue;
        const int accepted = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        ++connections_;
        std::erase_if(links_, [](const auto& link) { return link->over.load(); });
        auto& link = *links_.emplace_back(std::make_unique<Link>());
        link.thread = std::jthread([this, accepted, &link] {
            serve(FileDescriptor(accepted));
            link.over = true;
        });
    }
    links_.clear();
}

void TcpProxy::serve(FileDescriptor client) {
    const FileDescriptor server = tcp_socket();
    if (refusing_) {
        make_abrupt(client.get());
        ++resets_;
        return;
    }
    const auto address = address_of("127.0.0.1", server_port_);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        pass_on(client.get(), server.get());
}

void TcpProxy::pass_on(int client, int server) {
    const unsigned generation = generation_, number = ++made_;
    std::array<char, 65536> buffer;
    bool answer_is_lost = false, has_stalled = false;
    while (!stopping_) {
        if (generation != generation_) {
            ++resets_;
            make_abrupt(client);
            make_abrupt(server);
            return;
        }
        std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        if (::poll(both.data(), both.size(), 10) <= 0) continue;
        if (number < forgotten_) ::shutdown(server, SHUT_RDWR);
        if (stalled_ || number < forgotten_) {
            if (!std::exchange(has_stalled, true)) ++stalls_;
            std::this_thread::sleep_for(10ms);
            continue;
        }
        const bool from_client = both[0].revents != 0;
        const unsigned rate = rate_;
        const std::size_t most = rate == 0 ? buffer.size() : std::clamp<std::size_t>(rate / 20, 1, buffer.size());
        const auto got = ::recv(from_client ? client : server, buffer.data(), most, 0);
        if (got <= 0) return;
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        const Fate fate = from_client ? fate_of(bytes) : answer_is_lost ? Fate::cut : Fate::pass;
        if (!from_client && garbling_) {
            std::ranges::for_each(buffer, [](char& byte) { byte = static_cast<char>(byte ^ 0x55); });
            garbled_ += bytes.size();
        }
        if (fate != Fate::cut && !send(from_client ? server : client, bytes)) return;
        if (fate == Fate::cut || fate == Fate::cut_behind) {
            ++cuts_;
            return;
        }
        answer_is_lost = answer_is_lost || fate == Fate::answer_lost;
        passed_ += bytes.size();
        if (rate > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(1s) * bytes.size() / rate);
    }
}

bool TcpProxy::send(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd ready{to, POLLOUT, 0};
        if (::poll(&ready, 1, 20) == 0) {
            if (stopping_) return false;
            continue;
        }
        const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace outrigger::faults
