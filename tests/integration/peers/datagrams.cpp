#include "tests/integration/peers/datagrams.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace outrigger::peers {
namespace {

int receiver(int family, const sockaddr* address, socklen_t length) {
    const int made = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval patience{0, 50'000};
    ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (made < 0 || ::bind(made, address, length) != 0)
        throw std::runtime_error(std::string("no socket for datagrams: ") + std::strerror(errno));
    return made;
}

int udp_receiver(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return receiver(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int unix_receiver(const std::filesystem::path& path) {
    std::filesystem::remove(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return receiver(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

StatsdLine parse_statsd_line(const std::string& line) {
    StatsdLine out;
    std::istringstream parts(line);
    std::string value;
    if (!std::getline(parts, out.name, ':') || !std::getline(parts, value, '|') || !std::getline(parts, out.type, '|'))
        throw std::invalid_argument(line);
    out.value = std::stod(value);
    for (std::string part; std::getline(parts, part, '|');) {
        if (part.starts_with('@')) out.rate = std::stod(part.substr(1));
        if (part.starts_with('#')) out.tags = part.substr(1);
    }
    return out;
}

Datagrams::Datagrams(int udp_port)
    : socket_(udp_receiver(udp_port)), thread_([this](const std::stop_token& stopped) { run(stopped); }) {}

Datagrams::Datagrams(const std::filesystem::path& unix_path)
    : socket_(unix_receiver(unix_path)), thread_([this](const std::stop_token& stopped) { run(stopped); }) {}

Datagrams::~Datagrams() {
    thread_.request_stop();
    thread_.join();
    ::close(socket_);
}

void Datagrams::run(const std::stop_token& stopped) {
    std::string buffer(70'000, '\0');
    while (!stopped.stop_requested()) {
        if (resting_) {
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
            continue;
        }
        const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (got > 0) take(buffer.substr(0, static_cast<std::size_t>(got)));
    }
}

void Datagrams::take(const std::string& packet) {
    const std::lock_guard lock(mutex_);
    ++packets_;
    greatest_ = std::max(greatest_, packet.size());
    std::istringstream stream(packet);
    for (std::string line; std::getline(stream, line);) {
        lines_.push_back(line);
        try {
            parsed_.push_back(parse_statsd_line(line));
        } catch (const std::exception&) {
            nonsense_.push_back(line);
        }
    }
}

double Datagrams::sum(const std::string& name, const std::string& with_tag) const {
    const std::lock_guard lock(mutex_);
    double out = 0;
    for (const StatsdLine& line : parsed_)
        if (line.name == name && ("," + line.tags + ",").contains(with_tag)) out += line.value;
    return out;
}

double Datagrams::weight(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    double out = 0;
    for (const StatsdLine& line : parsed_)
        if (line.name == name) out += static_cast<double>(static_cast<long>(1 / line.rate));
    return out;
}

double Datagrams::quantile(const std::string& name, double q) const {
    std::map<double, double> weights;
    {
        const std::lock_guard lock(mutex_);
        for (const StatsdLine& line : parsed_)
            if (line.name == name) weights[line.value] += static_cast<double>(static_cast<long>(1 / line.rate));
    }
    double all = 0, seen = 0;
    for (const auto& [value, weight] : weights) all += weight;
    for (const auto& [value, weight] : weights) {
        seen += weight;
        if (seen >= q * all) return value;
    }
    return 0;
}

std::size_t Datagrams::packets() const {
    const std::lock_guard lock(mutex_);
    return packets_;
}

std::size_t Datagrams::greatest_packet() const {
    const std::lock_guard lock(mutex_);
    return greatest_;
}

std::vector<std::string> Datagrams::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

std::vector<std::string> Datagrams::nonsense() const {
    const std::lock_guard lock(mutex_);
    return nonsense_;
}

}  // namespace outrigger::peers
