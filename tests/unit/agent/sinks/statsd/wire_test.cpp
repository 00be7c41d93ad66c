// Against real sockets on the loopback and in a temporary folder.
#include "agent/sinks/statsd/wire.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <filesystem>

#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger;
using namespace std::chrono_literals;
using statsd::Target;
using statsd::Wire;
using Outcome = statsd::Wire::Outcome;

namespace {

const auto now = Wire::Clock::time_point{1h};

class UdpReceiver {
  public:
    UdpReceiver() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{5, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
        REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
    }
    std::uint16_t port() const { return port_; }
    std::string receive() const {
        std::string out(70'000, '\0');
        const auto got = ::recv(socket_.get(), out.data(), out.size(), 0);
        out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return out;
    }
    void close() { socket_.reset(); }

  private:
    FileDescriptor socket_;
    std::uint16_t port_ = 0;
};

FileDescriptor bound(const std::filesystem::path& path) {
    FileDescriptor made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return made;
}

}  // namespace

TEST_CASE("a packet goes to a port, is lost at once where nobody listens, and goes again when somebody does") {
    UdpReceiver receiver;
    Wire wire(Target{{}, "127.0.0.1", receiver.port()});
    CHECK(wire.reach(now, 1s));
    CHECK(wire.send("a:1|c", now, 1s) == Outcome::sent);
    CHECK(receiver.receive() == "a:1|c");
    CHECK(wire.packet_limit() == 1432);
    CHECK(wire.send(std::string(66'000, 'x'), now, 1s) == Outcome::never);
    receiver.close();
    CHECK(wire.send("b:1|c", now, 1s) == Outcome::lost);
    CHECK(wire.problem() == "Connection refused");
    CHECK(wire.send("c:1|c", now, 1s) == Outcome::lost);
}

TEST_CASE("a host that has no address is lost, with a reason, within the time given") {
    const auto begun = Wire::Clock::now();
    Wire wire(Target{{}, "no-such-host.invalid", 8125});
    CHECK_FALSE(wire.reach(now, 300ms));
    CHECK(wire.send("a:1|c", now, 300ms) == Outcome::lost);
    CHECK_FALSE(wire.problem().empty());
    CHECK(Wire::Clock::now() - begun < 5s);
}

TEST_CASE("of a name's addresses the next one is tried when one refuses, and kept") {
    UdpReceiver receiver;
    const auto two_addresses = [](const std::string&, std::uint16_t port) {
        auto found = sinks::look_up("127.0.0.2", port).value();  // nobody is there
        found.push_back(sinks::look_up("127.0.0.1", port).value().front());
        return sinks::LookupAnswer(std::move(found));
    };
    Wire wire(Target{{}, "receiver.example", receiver.port()}, [] { return false; }, two_addresses);
    CHECK(wire.send("a:1|c", now, 1s) == Outcome::lost);
    CHECK(wire.send("a:1|c", now, 1s) == Outcome::sent);
    CHECK(receiver.receive() == "a:1|c");
    CHECK(wire.send("b:1|c", now + 1min, 1s) == Outcome::sent);  // looked up anew meanwhile
    CHECK(receiver.receive() == "b:1|c");
}

TEST_CASE("a Unix path is looked up at each packet: one that is bound anew gets the next, a full one is busy") {
    const test::TemporaryFolder folder;
    const auto path = std::filesystem::path(folder.path()) / "dsd.socket";
    Wire wire(Target{path, {}, 0});
    CHECK(wire.packet_limit() == 8192);
    CHECK_FALSE(wire.reach(now, 1s));
    CHECK(wire.send("a:1|c", now, 1s) == Outcome::lost);
    const auto first = bound(path);
    CHECK(wire.reach(now, 1s));
    CHECK(wire.send("a:1|c", now, 1s) == Outcome::sent);
    std::filesystem::remove(path);
    const auto second = bound(path);
    CHECK(wire.send("b:1|c", now, 1s) == Outcome::sent);
    char got[16];
    CHECK(::recv(second.get(), got, sizeof got, MSG_DONTWAIT) == 5);
    Outcome outcome = Outcome::sent;
    for (int n = 0; n < 10'000 && outcome == Outcome::sent; ++n) outcome = wire.send("c:1|c", now, 1s);
    CHECK(outcome == Outcome::busy);
    CHECK_FALSE(wire.reach(now, 1s));
    CHECK(wire.problem() == "it takes nothing");
}
