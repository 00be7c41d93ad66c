#include "tests/bench/kit/web_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "shared/file_descriptor.h"
#include "tests/bench/kit/cpu_time.h"

namespace outrigger::bench {
namespace {

constexpr std::string_view request =
    "GET /users/4711/orders?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench\r\nAccept: */*\r\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-f0f067aa0ba902b7-01\r\n\r\n";

FileDescriptor connect(int port) {
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("nobody listens at port " + std::to_string(port));
    return fd;
}

// Reads one answer to its end; there is nothing behind it.
void read_answer(int fd, std::string& heard) {
    heard.clear();
    std::array<char, 8192> room;
    for (std::size_t end = std::string::npos;;) {
        const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
        if (got <= 0) throw std::runtime_error("the server hangs up");
        heard.append(room.data(), static_cast<std::size_t>(got));
        if (end == std::string::npos) end = heard.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        const std::size_t length = heard.find("Content-Length: ");
        if (!heard.starts_with("HTTP/1.1 200") || length > end) throw std::runtime_error("not well answered: " + heard);
        if (heard.size() >= end + 4 + std::stoul(heard.substr(length + 16, 20))) return;
    }
}

void ask(int port, int requests, std::vector<double>& answered_us) {
    const FileDescriptor fd = connect(port);
    std::string heard;
    for (int i = 0; i < requests; ++i) {
        const double start = wall_seconds();
        if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            throw std::runtime_error("the server does not read");
        read_answer(fd.get(), heard);
        answered_us.push_back((wall_seconds() - start) * 1e6);
    }
}

}  // namespace

Visit visit(int port, int connections, int requests_each) {
    std::vector<std::vector<double>> times(static_cast<std::size_t>(connections));
    std::vector<std::exception_ptr> failures(times.size());
    const double start = wall_seconds();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < times.size(); ++i)
            threads.emplace_back([&, i] {
                try {
                    ask(port, requests_each, times[i]);
                } catch (const std::exception&) {
                    failures[i] = std::current_exception();
                }
            });
    }
    Visit visit{wall_seconds() - start, {}};
    for (const auto& failure : failures)
        if (failure) std::rethrow_exception(failure);
    for (const auto& some : times) visit.answered_us.insert(visit.answered_us.end(), some.begin(), some.end());
    std::ranges::sort(visit.answered_us);
    return visit;
}

}  // namespace outrigger::bench
