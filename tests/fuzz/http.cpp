// Any bytes at the agent's HTTP door, in pieces: each is answered with a legal status line, or the connection is
// closed; once the client has said all, the door has done so too.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "agent/http/daemon.h"
#include "shared/file_descriptor.h"
#include "tests/fuzz/kit/source.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

class Piecewise final : public http::BodySource {
  public:
    std::size_t size() const override { return bytes; }
    std::size_t held_bytes() const override { return 1000; }
    std::size_t read(std::span<char> into) override {
        const std::size_t count = std::min({into.size(), bytes - read_, std::size_t{997}});
        std::fill_n(into.begin(), count, 'x');
        read_ += count;
        return count;
    }

  private:
    static constexpr std::size_t bytes = 5000;
    std::size_t read_ = 0;
};

// One daemon for all inputs: what one of them does to it would show in the next.
http::Daemon& daemon() {
    static http::Daemon door(
        {
            {"/echo",
             [](const http::Request& request) {
                 return http::Response{.body = std::string(request.path) + "|" + std::string(request.query) + "|" +
                                               std::string(request.accept)};
             }},
            {"/metrics",
             [](const http::Request&) {
                 http::Response response;
                 response.source = std::make_unique<Piecewise>();
                 return response;
             }},
            {"/throws", [](const http::Request&) -> http::Response { throw std::runtime_error("a secret"); }},
        },
        {});
    return door;
}

// Takes what has come; true: the door has closed.
bool take(int client, std::string& answers) {
    std::array<char, 65536> chunk;
    while (true) {
        const ssize_t got = ::recv(client, chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
        if (got < 0) return false;
        answers.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

// The first answer; those behind it begin where its body ends, which a HEAD does not have.
void check(const std::string& answers) {
    if (answers.empty()) return;
    expect(answers.starts_with("HTTP/1.1 ") || answers.starts_with("HTTP/1.0 "), "an answer has a status line");
    const int status = std::atoi(answers.c_str() + 9);
    expect((status >= 200 && status < 600) || status == 100, "an answer has a status");
    const std::size_t headers = answers.find("\r\n\r\n");
    expect(headers != answers.npos, "an answer's headers end");
    expect(!answers.substr(headers + 4).starts_with("a secret"), "what a handler threw is not told");
}

}  // namespace

FUZZ_TARGET(http) {
    fuzz::Source source(input);
    std::vector<std::size_t> cuts(source.below(6));
    for (auto& cut : cuts) cut = source.number<std::uint8_t>();
    cuts.push_back(source.left());

    std::array<int, 2> pair{};
    expect(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) == 0, "there is a socket");
    const FileDescriptor client(pair[0]);
    sockaddr_storage peer{};
    peer.ss_family = AF_UNIX;
    daemon().add(pair[1], peer, sizeof(sa_family_t), "here");
    std::string answers;
    bool closed = false;
    for (const std::size_t cut : cuts) {
        const auto piece = source.take(cut);
        if (!piece.empty()) (void)::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        daemon().run();
        closed = take(client.get(), answers);
    }
    ::shutdown(client.get(), SHUT_WR);
    for (int rounds = 0; rounds < 20 && !closed; ++rounds) {
        daemon().run();
        closed = take(client.get(), answers);
    }
    // libmicrohttpd waits for the end of some broken requests: until their time is up, as the door sees to it.
    if (!closed) http::hang_up(daemon().guests().overdue(std::chrono::steady_clock::now() + std::chrono::hours(1)));
    for (int rounds = 0; !closed; ++rounds) {
        expect(rounds < 20, "the door closes behind who has said all, when the time is up at the latest");
        daemon().run();
        closed = take(client.get(), answers);
    }
    check(answers);
    for (int rounds = 0; daemon().guests().count() > 0; ++rounds) {
        expect(rounds < 10, "nobody stays");
        daemon().run();
    }
    expect(daemon().exchanges().empty(), "nothing is remembered of who is gone");
}
