// The traces sink against what answers late, without end, or never.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "shared/file_descriptor.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/temporary_folder.h"
#include "tests/integration/traces/traces_life.h"

namespace outrigger::traces {
namespace {

using namespace std::chrono_literals;
using peers::eventually;
using peers::FakeTraceAgent;
using peers::TemporaryFolder;

TEST_CASE("an agent that never answers is down within its time, and gets everything when it answers again") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.hang(true);
    auto settings = settings_for(agent);
    settings.time_limit = 300ms;
    TracesLife life(folder.path(), settings);
    life.offer(30);
    CHECK(eventually(10s, [&] { return life.times_said("no answer within") == 1; }));
    CHECK_FALSE(life.health().up);
    CHECK(life.pending() == 30);
    CHECK(life.difference() == 0);
    agent.hang(false);
    CHECK(life.done());
    CHECK(agent.traces() == 30);
    CHECK(life.cursor().delivered == 30);
}

TEST_CASE("a resolver that hangs holds up no stop, and the trace agent's next address is tried when one refuses") {
    const TemporaryFolder folder;
    const TemporaryFolder other;
    FakeTraceAgent agent;
    auto settings = settings_for(agent);
    settings.target.host = "agent.example";
    const auto hung = std::make_shared<std::promise<void>>();
    settings.lookup = [hung, answered = hung->get_future().share()](const std::string&, std::uint16_t) {
        answered.wait();
        return sinks::LookupAnswer(std::unexpected("too late"));
    };
    {
        TracesLife life(folder.path(), settings);
        life.offer(3);
        CHECK(eventually(10s, [&] { return life.times_said("agent.example:") == 1; }));
        const auto began = std::chrono::steady_clock::now();
        CHECK_FALSE(life.stop());
        CHECK(std::chrono::steady_clock::now() - began < 3s);
    }
    hung->set_value();
    settings.lookup = [](const std::string&, std::uint16_t port) {
        auto found = sinks::look_up("127.0.0.2", port).value();  // nobody is there
        found.push_back(sinks::look_up("127.0.0.1", port).value().front());
        return sinks::LookupAnswer(std::move(found));
    };
    TracesLife life(other.path(), settings);
    life.offer(3);
    CHECK(life.done());
    CHECK(life.cursor().delivered == 3);
    CHECK(life.said().empty());
}

TEST_CASE("a reply without end is cut long before the time is up, and its status counts") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.reply_without_end();
    auto settings = settings_for(agent);
    settings.time_limit = 60s;
    TracesLife life(folder.path(), settings);
    life.offer(3);
    CHECK(life.done(20s));
    CHECK(life.cursor().delivered == 3);
    CHECK(agent.seen().payloads == 1);
    CHECK(life.said().empty());
}

// Answers everybody with a header that never ends, a byte at a time.
class SlowPeer {
  public:
    SlowPeer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_.get(), 5) != 0 ||
            ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("no listener");
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    ~SlowPeer() {
        thread_.request_stop();
        ::shutdown(listener_.get(), SHUT_RDWR);
    }
    int port() const { return port_; }

  private:
    void serve(const std::stop_token& stop) const {
        while (!stop.stop_requested()) {
            const FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
            const std::string head = "HTTP/1.1 200 OK\r\nX: ";
            bool open = client && ::send(client.get(), head.data(), head.size(), MSG_NOSIGNAL) > 0;
            while (open && !stop.stop_requested()) {
                open = ::send(client.get(), "x", 1, MSG_NOSIGNAL) == 1;
                std::this_thread::sleep_for(20ms);
            }
        }
    }

    FileDescriptor listener_;
    int port_ = 0;
    std::jthread thread_;
};

TEST_CASE("a reply that comes byte by byte is no answer") {
    const TemporaryFolder folder;
    const SlowPeer peer;
    auto settings = settings_for(peer.port());
    settings.time_limit = 300ms;
    TracesLife life(folder.path(), settings);
    life.offer(3);
    CHECK(eventually(10s, [&] { return life.times_said("no answer within 1 s") == 1; }));
    CHECK(life.pending() == 3);
}

}  // namespace
}  // namespace outrigger::traces
