// The sink's thread against a receiver on the loopback, and parts that play the fold and the journal.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/sinks/statsd/statsd.h"
#include "shared/file_descriptor.h"
#include "tests/unit/agent/sinks/statsd/deltas.h"

using namespace outrigger;
using namespace std::chrono_literals;
using journal::FlushStep;

namespace {

FileDescriptor make_receiver(std::uint16_t& port) {
    FileDescriptor made(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int room = 8 << 20;
    ::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    REQUIRE(::getsockname(made.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port = ntohs(address.sin_port);
    return made;
}

std::string receive_all(const FileDescriptor& receiver) {
    std::string all;
    std::string packet(2'000, '\0');
    for (ssize_t got = 0; (got = ::recv(receiver.get(), packet.data(), packet.size(), MSG_DONTWAIT)) > 0;)
        all.append(packet, 0, static_cast<std::size_t>(got)).append(1, '\n');
    return all;
}

// One flush is due, and what its end says is kept.
class OneFlush {
  public:
    explicit OneFlush(test::MadeDeltas made) : made_(std::move(made)) { made_.deltas.first_us = 1; }

    statsd::StatsdParts parts() {
        return {.due = [this] { return due(); },
                .last_flush = [] { return std::uint64_t{0}; },
                .journal = [this](const journal::Flush& flush) { note(flush); },
                .take = [this](std::uint64_t, auto) { return std::optional(made_.deltas); },
                .tally = tally_,
                .say = [this](const std::string& line) { say(line); }};
    }
    std::optional<journal::Flush> end(std::chrono::seconds deadline) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, deadline, [this] { return end_.has_value(); });
        return end_;
    }
    books::Health health() const { return tally_.health(); }
    std::string said() {
        const std::lock_guard lock(mutex_);
        return said_;
    }

  private:
    void say(const std::string& line) {
        const std::lock_guard lock(mutex_);
        said_ += line + "\n";
    }
    bool due() {
        const std::lock_guard lock(mutex_);
        return !end_;
    }
    void note(const journal::Flush& flush) {
        const std::lock_guard lock(mutex_);
        if (flush.step == FlushStep::end) end_ = flush;
        changed_.notify_all();
    }

    test::MadeDeltas made_;
    books::Tally tally_;
    std::mutex mutex_;  // guards end_ and said_
    std::condition_variable changed_;
    std::optional<journal::Flush> end_;
    std::string said_;
};

}  // namespace

TEST_CASE("more events than a receiver can follow hold no flush up: the counters go, what is left is unsent") {
    constexpr std::uint64_t events = 20'000'000;  // 20 s at a receiver's pace
    test::MadeDeltas made;
    test::MadeDeltas::observe(made.request({"shop", "prod", "1"}, {200, "GET", "shop", "/"}), 5'000, events);
    OneFlush flush(std::move(made));
    std::uint16_t port = 0;
    const FileDescriptor receiver = make_receiver(port);
    statsd::StatsdSettings settings;
    settings.target = {{}, "127.0.0.1", port};
    settings.longest_flush = 500ms;
    statsd::StatsdSink sink(settings, flush.parts());
    const auto end = flush.end(10s);
    REQUIRE(end);
    CHECK(end->delivered + end->unsent == events);
    CHECK(end->delivered > 0);
    CHECK(end->delivered < 2'000'000);
    CHECK(receive_all(receiver).contains("request_count:20000000|c"));
    CHECK_FALSE(flush.health().up);
    CHECK(flush.health().last_error.contains("more events come"));
}

TEST_CASE("values that had no memory of their own are said") {
    test::MadeDeltas made;
    made.deltas.coarse = 12;
    test::MadeDeltas::observe(made.request({"shop", "prod", "1"}, {200, "GET", "shop", "/"}), 5'000, 7);
    OneFlush flush(std::move(made));
    std::uint16_t port = 0;
    const FileDescriptor receiver = make_receiver(port);
    statsd::StatsdSettings settings;
    settings.target = {{}, "127.0.0.1", port};
    statsd::StatsdSink sink(settings, flush.parts());
    const auto end = flush.end(10s);
    REQUIRE(end);
    CHECK(end->delivered == 7);
    CHECK(flush.said() == "statsd: 12 values lie too far apart to be told within 1.1 %\n");
}

namespace {

// Answers when it is destroyed.
class HungResolver {
  public:
    ~HungResolver() { answer_->set_value(); }
    sinks::Lookup lookup() const {
        return [kept = answer_, answered = answered_](const std::string&, std::uint16_t) {
            answered.wait();
            return sinks::LookupAnswer(std::unexpected("too late"));
        };
    }

  private:
    std::shared_ptr<std::promise<void>> answer_ = std::make_shared<std::promise<void>>();
    std::shared_future<void> answered_ = answer_->get_future().share();
};

test::MadeDeltas seven_events() {
    test::MadeDeltas made;
    test::MadeDeltas::observe(made.request({"shop", "prod", "1"}, {200, "GET", "shop", "/"}), 5'000, 7);
    return made;
}

}  // namespace

TEST_CASE("a host whose name nobody answers costs a flush its patience, once") {
    OneFlush flush(seven_events());
    const HungResolver resolver;
    statsd::StatsdSettings settings;
    settings.target = {{}, "receiver.example", 8125};
    settings.lookup = resolver.lookup();
    statsd::StatsdSink sink(settings, flush.parts());
    const auto end = flush.end(8s);  // two at start, then two of a flush
    REQUIRE(end);
    CHECK(end->unsent == 7);
    CHECK(end->delivered == 0);
    CHECK_FALSE(flush.health().up);
    CHECK(flush.health().last_error.contains("no address within"));
}

TEST_CASE("a host whose name nobody answers costs a stop no more than its time") {
    OneFlush flush(seven_events());
    const HungResolver resolver;
    statsd::StatsdSettings settings;
    settings.target = {{}, "receiver.example", 8125};
    settings.lookup = resolver.lookup();
    const auto begun = std::chrono::steady_clock::now();
    statsd::StatsdSink sink(settings, flush.parts());
    CHECK_FALSE(sink.stop(200ms));
    CHECK(std::chrono::steady_clock::now() - begun < 1500ms);
}
