#include "agent/settings/health.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <thread>

using namespace outrigger::settings;
using namespace std::chrono_literals;

namespace {

// Takes one connection on a free port of loopback, reads the request, writes `answer` and hangs up.
class Peer {
  public:
    explicit Peer(std::string_view answer) : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t bytes = sizeof address;
        REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
        REQUIRE(listen(listener_, 1) == 0);
        REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
        port = ntohs(address.sin_port);
        thread_ = std::jthread([this, answer] { serve(answer); });
    }
    ~Peer() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        close(listener_);
    }

    std::uint16_t port = 0;
    std::string request;  // to be read when the answer has come

  private:
    void serve(std::string_view answer) {
        const int connection = accept(listener_, nullptr, nullptr);
        if (connection < 0) return;
        char buffer[256];
        while (!request.ends_with("\r\n\r\n")) {
            const auto count = recv(connection, buffer, sizeof buffer, 0);
            if (count <= 0) break;
            request.append(buffer, static_cast<std::size_t>(count));
        }
        send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
        close(connection);
    }

    int listener_;
    std::jthread thread_;
};

}  // namespace

TEST_CASE("an agent that answers 200 is healthy, on the address or behind a wildcard") {
    for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
        Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
        CHECK(ask_health(host, peer.port).has_value());
        CHECK(peer.request == "GET /-/healthy HTTP/1.0\r\n\r\n");
    }
}

TEST_CASE("anything else is not healthy, and says why") {
    struct Row {
        const char* answer;
        const char* why;
    };
    for (const auto& [answer, why] :
         {Row{"HTTP/1.1 503 Service Unavailable\r\n\r\n", "answered 'HTTP/1.1 503"},
          Row{"HTTP/1.0 404 Not Found\r\n\r\n", "answered 'HTTP/1.0 404"}, Row{"HTTP/1.1 2000 x\r\n", "answered"},
          Row{"HTTP/1.", "answered"}, Row{"SSH-2.0-x 200 \r\n", "no HTTP answer"}, Row{"", "no HTTP answer"}}) {
        CAPTURE(std::string(answer));
        Peer peer(answer);
        const auto healthy = ask_health("127.0.0.1", peer.port);
        REQUIRE_FALSE(healthy);
        CHECK(healthy.error().what.contains(why));
        CHECK(healthy.error().what.starts_with("http://127.0.0.1:" + std::to_string(peer.port) + "/-/healthy: "));
    }
    CHECK_FALSE(ask_health("127.0.0.1", 0));
    CHECK_FALSE(ask_health("example.com", 80));
}

TEST_CASE("an agent that is away or silent is not waited for long") {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    const auto port = ntohs(address.sin_port);
    const auto away = ask_health("127.0.0.1", port);
    REQUIRE_FALSE(away);
    CHECK(away.error().what.contains("refused"));
    REQUIRE(listen(listener, 1) == 0);  // connections are made by the kernel, and nobody answers
    const auto before = std::chrono::steady_clock::now();
    const auto silent = ask_health("127.0.0.1", port, 30ms);
    REQUIRE_FALSE(silent);
    CHECK(silent.error().what.contains("timed out"));
    CHECK(std::chrono::steady_clock::now() - before >= 30ms);
    close(listener);
}
