#include "app/server.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/app/raw_client.h"
#include "tests/unit/app/recorded_app.h"

using namespace outrigger::app;
using std::chrono::milliseconds;

namespace {

Reply hello(const httplib::Request&) {
    Reply reply;
    reply.body = "hello";
    return reply;
}

// Where handlers wait until the test lets them go.
class Gate {
  public:
    Handler handler() {
        return [this](const httplib::Request& request) {
            std::unique_lock lock{mutex_};
            ++waiting_;
            changed_.notify_all();
            changed_.wait_for(lock, std::chrono::minutes{1}, [this] { return open_; });
            return hello(request);
        };
    }
    bool wait_for(int count) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::minutes{1}, [&] { return waiting_ == count; });
    }
    void open() {
        const std::lock_guard lock{mutex_};
        open_ = true;
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;  // guards both below
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

constexpr auto get_hello = "GET /hello HTTP/1.1\r\n\r\n";

}  // namespace

TEST_CASE("a connection serves request after request, and pipelined ones in their order") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.start();
    RawClient client{app.port()};
    REQUIRE(client.send(get_hello));
    CHECK(client.read_until("hello").starts_with("HTTP/1.1 200"));
    REQUIRE(client.send("GET /nowhere HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"));
    const auto both = client.read_to_end();
    CHECK(both.starts_with("HTTP/1.1 404"));
    CHECK(both.ends_with("hello"));
    CHECK(client.closed());
}

TEST_CASE("as many connections as come are served at once") {
    Gate gate;
    RecordedApp app;
    app.routes().get("/hello", gate.handler());
    app.start();
    std::vector<RawClient> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(app.port());
        REQUIRE(clients.back().send(get_hello));
    }
    CHECK(gate.wait_for(40));
    gate.open();
    for (auto& client : clients) CHECK(client.read_until("hello").ends_with("hello"));
}

TEST_CASE("beyond its threads a server leaves connections in the queue for others") {
    Gate gate;
    ServerSettings settings;
    settings.threads = 2;
    RecordedApp full{settings};
    full.routes().get("/hello", gate.handler());
    full.start();
    std::vector<RawClient> clients;
    for (int i = 0; i < 2; ++i) {
        clients.emplace_back(full.port());
        REQUIRE(clients.back().send(get_hello));
    }
    REQUIRE(gate.wait_for(2));

    Server other;
    other.http().Get("/hello", [](const httplib::Request&, httplib::Response& response) { response.body = "other"; });
    RawClient third{full.port()};
    REQUIRE(third.send(get_hello));
    other.start(full.listener().fd());
    CHECK(third.read_until("other").ends_with("other"));
    gate.open();
}

TEST_CASE("stop ends idle connections at once, lets answers be finished, and leaves the shared socket open") {
    Gate gate;
    RecordedApp app;
    app.routes().get("/slow", gate.handler());
    app.routes().get("/hello", hello);
    app.start();
    RawClient idle{app.port()};
    REQUIRE(idle.send(get_hello));
    idle.read_until("hello");
    RawClient busy{app.port()};
    REQUIRE(busy.send("GET /slow HTTP/1.1\r\n\r\n"));
    REQUIRE(gate.wait_for(1));

    CHECK_FALSE(app.server().stop(milliseconds{0}));
    CHECK(idle.read_to_end().empty());
    CHECK(idle.closed());
    gate.open();
    CHECK(app.server().stop(std::chrono::minutes{1}));
    CHECK(busy.read_to_end().ends_with("hello"));
    CHECK(busy.closed());

    Server successor;
    successor.http().Get("/hello",
                         [](const httplib::Request&, httplib::Response& response) { response.body = "next"; });
    RawClient late{app.port()};
    REQUIRE(late.send(get_hello));
    successor.start(app.listener().fd());
    CHECK(late.read_until("next").ends_with("next"));
}

TEST_CASE("a head without end, an idle client and a body that stops coming cost their sender the connection") {
    ServerSettings settings;
    settings.connection.head_bytes = 1'000;
    settings.connection.idle = milliseconds{30};
    settings.connection.head = milliseconds{30};
    settings.connection.body = milliseconds{30};
    RecordedApp app{settings};
    app.routes().get("/hello", hello);
    app.start();
    struct Row {
        std::string sent;
        std::string_view answered;
    };
    const std::vector<Row> table{
        {"", ""},
        {"GET /hello HT", ""},
        {"GET /hello HTTP/1.1\r\nX: y\r\n", "HTTP/1.1 400"},
        {"GET /hello HTTP/1.1\r\nX: " + std::string(1'000, 'a') + "\r\n\r\n", "HTTP/1.1 400"},
        {std::string(1'001, 'a'), ""},
        {"POST /hello HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 400"},
    };
    for (const auto& row : table) {
        CAPTURE(row.sent.substr(0, 40));
        RawClient client{app.port()};
        REQUIRE(client.send(row.sent));
        const auto answer = client.read_to_end();
        CHECK(answer.starts_with(row.answered));
        CHECK(answer.empty() == row.answered.empty());
        CHECK(client.closed());
    }
}

TEST_CASE("a client that asks before it sends its body is told to go on") {
    RecordedApp app;
    app.start();
    RawClient client{app.port()};
    REQUIRE(client.send("POST /hello HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
    REQUIRE(client.send("abc"));
    CHECK(client.read_until("Not Found\n").starts_with("HTTP/1.1 404"));
    CHECK(app.only_event().request_bytes == 3);
}

TEST_CASE("ranges of a page are not served one by one") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.start();
    RawClient client{app.port()};
    REQUIRE(client.send("GET /hello HTTP/1.1\r\nRange: bytes=0-1,0-1,0-1\r\n\r\n"));
    const auto answer = client.read_until("hello");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(answer.ends_with("\r\n\r\nhello"));
}
