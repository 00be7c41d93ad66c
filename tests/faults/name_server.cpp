#include "tests/faults/name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

namespace outrigger::faults {
namespace {

constexpr std::size_t header_bytes = 12;  // RFC 1035, 4.1.1

// Where the question ends: its name, type and class.
std::size_t end_of_question(const std::string& packet) {
    std::size_t at = header_bytes;
    while (at < packet.size() && packet[at] != 0) at += 1 + static_cast<unsigned char>(packet[at]);
    return at + 5;
}

}  // namespace

NameServer::NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(53);
    // Another run of the case may have one of these at the same time.
    for (int last = 1; last < 255 && address_.empty(); ++last) {
        const std::string candidate = "127.0.53." + std::to_string(last);
        ::inet_pton(AF_INET, candidate.c_str(), &where.sin_addr);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) address_ = candidate;
    }
    if (address_.empty()) throw std::runtime_error("no port 53 for a name server");
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

NameServer::~NameServer() {
    thread_.request_stop();
    thread_.join();
}

void NameServer::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        pollfd ready{socket_.get(), POLLIN, 0};
        if (::poll(&ready, 1, 20) <= 0) continue;
        std::string packet(512, '\0');
        sockaddr_in asker{};
        socklen_t length = sizeof asker;
        const auto got =
            ::recvfrom(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&asker), &length);
        if (got < static_cast<ssize_t>(header_bytes)) continue;
        packet.resize(static_cast<std::size_t>(got));
        const std::size_t end = end_of_question(packet);
        if (end > packet.size()) continue;
        const Answers answers = answers_;
        ++questions_[static_cast<std::size_t>(answers)];
        if (answers == Answers::nothing) continue;
        const bool asks_for_ipv4 = packet[end - 3] == 1;
        packet.resize(end);
        packet[2] = '\x84';  // an answer, with authority
        packet[3] = answers == Answers::no_such_name ? '\x03' : '\0';
        for (std::size_t i = 6; i < header_bytes; ++i) packet[i] = '\0';
        if (answers == Answers::address && asks_for_ipv4) {
            packet[7] = 1;
            const char record[] = {
                '\xc0', header_bytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, static_cast<char>(last_)};
            packet.append(record, sizeof record);
        }
        ::sendto(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&asker), length);
    }
}

}  // namespace outrigger::faults
