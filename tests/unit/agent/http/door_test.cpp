#include "agent/http/door.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/agent/http/raw_client.h"

using namespace outrigger::http;
using namespace std::chrono_literals;

namespace {

std::string get(const std::string& path, const std::string& more = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: here\r\n" + more + "\r\n";
}

bool starts(const std::string& answer, const std::string& status) { return answer.starts_with("HTTP/1.1 " + status); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// Makes its body as it is sent, in pieces of an odd size.
class Counting final : public BodySource {
  public:
    explicit Counting(std::size_t bytes, std::atomic<int>* alive = nullptr) : bytes_(bytes), alive_(alive) {
        if (alive_ != nullptr) ++*alive_;
    }
    ~Counting() override {
        if (alive_ != nullptr) --*alive_;
    }
    std::size_t size() const override { return bytes_; }
    std::size_t held_bytes() const override { return 1000; }
    std::size_t read(std::span<char> into) override {
        const std::size_t bytes = std::min({into.size(), bytes_ - made_, std::size_t{9973}});
        for (std::size_t each = 0; each < bytes; ++each) into[each] = at(made_ + each);
        made_ += bytes;
        return bytes;
    }
    static char at(std::size_t place) { return static_cast<char>('a' + place % 23); }

  private:
    std::size_t bytes_, made_ = 0;
    std::atomic<int>* alive_;
};

std::vector<Route> routes(std::size_t big_bytes = 0) {
    return {
        {"/", [](const Request&) { return Response{200, "text/html; charset=utf-8", "<p>hello"}; }},
        {"/echo",
         [](const Request& request) {
             return Response{.body = std::string(request.path) + "|" + std::string(request.query) + "|" +
                                     std::string(request.accept)};
         }},
        {"/-/ready", [](const Request&) { return Response{.status = 503, .body = "rows: down\n"}; }},
        {"/throws", [](const Request&) -> Response { throw std::runtime_error("a secret"); }},
        {"/big", [big_bytes](const Request&) { return Response{.body = std::string(big_bytes, 'x')}; }},
    };
}

const Address anywhere{"127.0.0.1", 0};

}  // namespace

TEST_CASE("a route gets path, query and Accept, and its answer comes back with its type") {
    const Door door(anywhere, routes());
    RawClient client(door.port());
    client.send(get("/echo?a=1&b=%20", "Accept: text/plain\r\n"));
    const std::string echo = client.answer();
    CHECK(starts(echo, "200"));
    CHECK(contains(echo, "Content-Type: text/plain; charset=utf-8\r\n"));
    CHECK(contains(echo, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(echo.ends_with("\r\n\r\n/echo|a=1&b=%20|text/plain"));
    client.send(get("/"));
    CHECK(contains(client.answer(), "Content-Type: text/html; charset=utf-8\r\n"));
}

TEST_CASE("one connection carries many requests, also when they come at once") {
    const Door door(anywhere, routes());
    RawClient client(door.port());
    for (int i = 0; i < 50; ++i) {
        client.send(get("/echo?" + std::to_string(i)));
        REQUIRE(client.answer().ends_with("/echo|" + std::to_string(i) + "|"));
    }
    client.send(get("/echo?first") + get("/echo?second"));
    CHECK(client.answer().ends_with("/echo|first|"));
    CHECK(client.answer().ends_with("/echo|second|"));
}

TEST_CASE("HEAD has the headers of GET and no body") {
    const Door door(anywhere, routes(1234));
    RawClient client(door.port());
    client.send("HEAD /big HTTP/1.1\r\nHost: here\r\n\r\n");
    const std::string head = client.answer(true);
    CHECK(starts(head, "200"));
    CHECK(contains(head, "Content-Length: 1234\r\n"));
    client.send(get("/echo"));
    CHECK(client.answer().ends_with("/echo||"));
}

TEST_CASE("other methods are 405 and say what is allowed") {
    const Door door(anywhere, routes());
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}) {
        CAPTURE(method);
        RawClient client(door.port());
        client.send(std::string(method) + " /echo HTTP/1.1\r\nHost: here\r\n\r\n");
        const std::string answer = client.answer();
        CHECK(starts(answer, "405"));
        CHECK(contains(answer, "Allow: GET, HEAD\r\n"));
    }
}

TEST_CASE("an unknown path is 404 and names what there is") {
    const Door door(anywhere, routes());
    RawClient client(door.port());
    for (const char* path : {"/nope", "/echo/", "//echo", "/-/", "/%2e%2e/echo"}) {
        CAPTURE(path);
        client.send(get(path));
        const std::string answer = client.answer();
        CHECK(starts(answer, "404"));
        CHECK(contains(answer, "/, /echo, /-/ready, /throws, /big\n"));
    }
}

TEST_CASE("a 503 of a route passes, a throwing route is a 500 that tells nothing") {
    const Door door(anywhere, routes());
    RawClient client(door.port());
    client.send(get("/-/ready"));
    const std::string ready = client.answer();
    CHECK(starts(ready, "503"));
    CHECK(ready.ends_with("rows: down\n"));
    client.send(get("/throws"));
    const std::string thrown = client.answer();
    CHECK(starts(thrown, "500"));
    CHECK_FALSE(contains(thrown, "secret"));
}

TEST_CASE("a huge body is refused before it is read") {
    const Door door(anywhere, routes());
    const std::string megabyte(1 << 20, 'b');
    for (const char* opening : {"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 419430400\r\n\r\n",
                                "GET /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 419430400\r\n\r\n",
                                "GET /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"}) {
        CAPTURE(opening);
        RawClient client(door.port());
        client.send(opening);
        std::size_t taken = 0;
        for (int i = 0; i < 400; ++i) {
            const std::size_t sent = client.send(megabyte);
            taken += sent;
            if (sent < megabyte.size()) break;
        }
        CHECK(taken < 32 * megabyte.size());  // what the kernel's buffers hold, and no more
        CHECK(starts(client.rest(), opening[0] == 'P' ? "405" : "413"));
    }
}

TEST_CASE("what follows a body is never taken for a request") {
    const Door door(anywhere, routes());
    const std::string hidden = get("/echo?hidden");
    for (const std::string& opening :
         {"GET /echo HTTP/1.1\r\nHost: here\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n",
          std::string(
              "GET /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
          std::string("GET /echo HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n"),
          std::string("GET /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 18446744073709551617\r\n\r\n")}) {
        CAPTURE(opening);
        RawClient client(door.port());
        client.send(opening + hidden);
        const std::string all = client.rest();
        CHECK(client.closed());
        CHECK(starts(all, "4"));
        CHECK_FALSE(contains(all, "hidden"));
    }
}

TEST_CASE("endless request lines and headers end in an error or a closed connection, not in memory") {
    const Door door(anywhere, routes());
    std::string nine_kib;
    for (int i = 0; i < 9; ++i) nine_kib.append("X-Filler: ").append(1000, 'f').append("\r\n");
    std::string many;
    for (int i = 0; i < 20'000; ++i) many.append("A").append(std::to_string(i)).append(": b\r\n");
    for (const std::string& flood :
         {"GET /" + std::string(1 << 24, 'u'), "GET / HTTP/1.1\r\nHost: " + std::string(1 << 24, 'h'),
          "GET / HTTP/1.1\r\nHost: here\r\n" + many, std::string(1 << 24, 'G'),
          "GET / HTTP/1.1\r\nHost: here\r\n" + nine_kib + "\r\n"}) {
        CAPTURE(flood.substr(0, 40));
        RawClient client(door.port());
        client.send(flood);
        const std::string answer = client.rest();
        CHECK(client.closed());
        CHECK((answer.empty() || starts(answer, "4")));
    }
    RawClient client(door.port());
    client.send(get("/echo", "X-Filler: " + std::string(6000, 'f') + "\r\n"));
    CHECK(starts(client.answer(), "200"));
}

TEST_CASE("what is not HTTP is refused") {
    const Door door(anywhere, routes());
    for (const std::string& noise :
         {std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", 15), std::string("GET\r\n\r\n"),
          std::string("GET / HTTP/9.9\r\nHost: here\r\n\r\n"), std::string("{\"type\":\"hello\"}\r\n\r\n")}) {
        CAPTURE(noise);
        RawClient client(door.port());
        client.send(noise);
        const std::string answer = client.rest();
        CHECK(client.closed());
        CHECK_FALSE(contains(answer, " 200 "));
    }
}

TEST_CASE("hundreds of half-open connections do not keep a scrape waiting") {
    const Door door(anywhere, routes());
    std::vector<RawClient> silent;
    for (int i = 0; i < 300; ++i) {
        silent.emplace_back(door.port());
        if (i % 2 == 0) silent.back().send("GET /echo HTTP/1.1\r\nHos");
    }
    const auto before = std::chrono::steady_clock::now();
    RawClient scraper(door.port());
    scraper.send(get("/echo?scrape"));
    CHECK(scraper.answer().ends_with("/echo|scrape|"));
    CHECK(std::chrono::steady_clock::now() - before < 1s);
}

TEST_CASE("readers that do not read hold neither the door nor its memory") {
    constexpr std::size_t big = 8 << 20;
    const Door door(anywhere, routes(big), Limits{.answer_bytes = big + big / 2, .grace = 0ms});
    std::vector<RawClient> slow;
    for (int i = 0; i < 20; ++i) {
        slow.emplace_back(door.port(), 4096);
        slow.back().send(get("/big"));
        CHECK(slow.back().answered_within(1min));  // or else this one might be the newcomer for whom the scraper is cut
    }
    RawClient scraper(door.port());
    scraper.send(get("/big"));
    CHECK(scraper.answer().size() > big);
    const auto whole = std::ranges::count_if(slow, [](RawClient& client) { return client.answer().size() > big; });
    CHECK(whole <= 1);  // there is room for one answer at a time, so the others were cut
}

TEST_CASE("a slow reader that does read gets all of a large body") {
    constexpr std::size_t big = 8 << 20;
    const Door door(anywhere, routes(big));
    RawClient client(door.port(), 4096);
    client.send(get("/big"));
    const std::string answer = client.answer();
    CHECK(answer.size() > big);
    CHECK(answer.ends_with("xxx"));
}

TEST_CASE("a body that is made while it is sent comes whole and in order, with its length said first") {
    constexpr std::size_t big = 3 << 20;
    std::atomic<int> alive{0};
    {
        const Door door(
            anywhere,
            {{"/made", [&](const Request&) { return Response{.source = std::make_unique<Counting>(big, &alive)}; }}});
        RawClient client(door.port(), 4096);
        for (int time = 0; time < 2; ++time) {
            client.send(get("/made"));
            const std::string answer = client.answer();
            CHECK(contains(answer, "Content-Length: " + std::to_string(big) + "\r\n"));
            const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
            REQUIRE(body.size() == big);
            std::size_t wrong = 0;
            for (std::size_t each = 0; each < big; ++each) wrong += body[each] != Counting::at(each) ? 1 : 0;
            CHECK(wrong == 0);
        }
        client.send("HEAD /made HTTP/1.1\r\nHost: here\r\n\r\n");
        CHECK(contains(client.answer(true), "Content-Length: " + std::to_string(big) + "\r\n"));
        RawClient leaver(door.port(), 4096);
        leaver.send(get("/made"));
    }
    CHECK(alive == 0);
}

TEST_CASE("of a body that is made while it is sent, what it holds counts, not what it sends") {
    constexpr std::size_t big = 8 << 20;
    const Door door(anywhere,
                    {{"/made", [&](const Request&) { return Response{.source = std::make_unique<Counting>(big)}; }}},
                    Limits{.answer_bytes = big, .grace = 0ms});
    std::vector<RawClient> slow;
    for (int i = 0; i < 10; ++i) {
        slow.emplace_back(door.port(), 4096);
        slow.back().send(get("/made"));
    }
    for (auto& client : slow) CHECK(client.answer().size() > big);
}

TEST_CASE("a handler is told whom the door turned away") {
    const Door door(anywhere, {{"/away", [](const Request& request) {
                                    std::string text;
                                    for (const auto count : request.turned_away.counts)
                                        text += std::to_string(count) + " ";
                                    return Response{.body = text};
                                }}});
    const auto ask = [&](const std::string& text) {
        RawClient client(door.port());
        client.send(text);
        client.rest();
    };
    ask("POST /away HTTP/1.1\r\nHost: here\r\n\r\n");
    ask("GET /away HTTP/1.1\r\nHost: here\r\nContent-Length: 7\r\n\r\n");
    ask("{}\r\n\r\n");                                            // no HTTP
    ask("GET /" + std::string(1 << 20, 'u'));                     // too long a request line
    ask(get("/away", "X-Filler: " + std::string(1 << 16, 'f')));  // too long a header
    RawClient client(door.port());
    client.send(get("/away"));
    CHECK(client.answer().ends_with("\r\n\r\n0 0 0 3 1 1 "));  // full busy slow no_request method body
    client.send(get("/nowhere"));                              // an answer, if not a happy one
    client.answer();
    client.send(get("/away"));
    CHECK(client.answer().ends_with("0 0 0 3 1 1 "));
}

TEST_CASE("a request that does not end, an answer not taken and an idle connection each run out of time") {
    const Door door(anywhere, routes(64 << 20), Limits{.ask_time = 100ms, .idle_time = 150ms, .answer_time = 200ms});
    RawClient mute(door.port());
    CHECK(mute.rest().empty());
    CHECK(mute.closed());

    RawClient dripping(door.port());
    const auto before = std::chrono::steady_clock::now();
    dripping.send("GET /echo HTTP/1.1\r\nHost: here\r\n");
    while (dripping.send("a") == 1 && std::chrono::steady_clock::now() - before < 3s &&
           !dripping.hangs_up_within(10ms)) {
    }
    CHECK(std::chrono::steady_clock::now() - before < 2s);

    RawClient idle(door.port());
    idle.send(get("/echo"));
    CHECK(starts(idle.rest(), "200"));
    CHECK(idle.closed());

    RawClient lazy(door.port(), 4096);
    lazy.send(get("/big"));
    for (int i = 0; i < 3; ++i) CHECK(RawClient(door.port()).rest().empty());  // 100 ms each
    CHECK(lazy.rest().size() < (64U << 20));
    CHECK(lazy.closed());
}

TEST_CASE("the time to ask is over once an answer is being sent, and the time to take it once it is taken") {
    constexpr std::size_t big = 8 << 20;
    const Door patient(anywhere, routes(big), Limits{.ask_time = 50ms, .answer_time = 5s});
    RawClient lazy(patient.port(), 4096);
    lazy.send(get("/big"));
    for (int i = 0; i < 3; ++i) CHECK(RawClient(patient.port()).rest().empty());  // 50 ms each
    CHECK(lazy.answer().size() > big);

    const Door strict(anywhere, routes(), Limits{.ask_time = 50ms, .idle_time = 5s, .answer_time = 50ms});
    RawClient idle(strict.port());
    idle.send(get("/echo"));
    CHECK(starts(idle.answer(), "200"));
    for (int i = 0; i < 3; ++i) CHECK(RawClient(strict.port()).rest().empty());
    idle.send(get("/echo"));
    CHECK(starts(idle.answer(), "200"));
}

TEST_CASE("an address in use is said with setting, address and reason") {
    const Door door(anywhere, routes());
    const std::string expected = "--http 127.0.0.1:" + std::to_string(door.port()) + ": address in use";
    CHECK_THROWS_WITH_AS(Door({"127.0.0.1", door.port()}, routes()), expected.c_str(), std::runtime_error);
    CHECK_THROWS_WITH_AS(Door({"192.0.2.1", 9464}, routes()), "--http 192.0.2.1:9464: Cannot assign requested address",
                         std::runtime_error);
    CHECK_THROWS_AS(Door({"no such host", 1}, routes()), std::runtime_error);
}

TEST_CASE("a door that closes frees its port and ends open connections") {
    std::uint16_t port = 0;
    {
        const Door door(anywhere, routes());
        port = door.port();
        RawClient client(port);
        client.send(get("/echo"));
        CHECK(starts(client.answer(), "200"));
    }
    CHECK_FALSE(RawClient(port).connected());
    const Door again({"127.0.0.1", port}, routes());
    CHECK(again.port() == port);
}
