#include "agent/sinks/name_lookup.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>

using namespace outrigger;
using namespace std::chrono_literals;
using sinks::Addresses;
using sinks::LookupAnswer;
using sinks::NameLookup;

namespace {

// A resolver that answers when it is told to; shared with its lookups, which may outlive a test.
struct Resolver {
    std::atomic<int> asked{0};
    std::atomic<bool> answers{false};
    std::atomic<bool> knows{true};

    static sinks::Lookup of(std::shared_ptr<Resolver> self) {
        return [self](const std::string&, std::uint16_t port) -> LookupAnswer {
            ++self->asked;
            self->answers.wait(false);
            if (!self->knows) return std::unexpected("no such name");
            return sinks::look_up("127.0.0.1", port);
        };
    }
    void answer() {
        answers = true;
        answers.notify_all();
    }
};

}  // namespace

TEST_CASE("an address needs no resolver") {
    const auto resolver = std::make_shared<Resolver>();
    NameLookup four("127.0.0.1", 8125, Resolver::of(resolver));
    REQUIRE(four.resolve(0ms));
    CHECK(four.resolve(0ms)->front().family() == AF_INET);
    NameLookup six("::1", 8125, Resolver::of(resolver));
    REQUIRE(six.resolve(0ms));
    CHECK(six.resolve(0ms)->front().family() == AF_INET6);
    CHECK(resolver->asked == 0);
}

TEST_CASE(
    "a resolver that hangs costs the patience, however often it is asked one thread, and is heard when it answers") {
    const auto resolver = std::make_shared<Resolver>();
    NameLookup name("receiver.example", 8125, Resolver::of(resolver));
    const auto begun = std::chrono::steady_clock::now();
    for (int n = 0; n < 5; ++n) CHECK(name.resolve(10ms).error() == "no address within 10 ms");
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(resolver->asked <= 1);
    resolver->answer();
    CHECK(name.resolve(10s));
    CHECK(resolver->asked == 1);
    CHECK(name.resolve(10s));
    CHECK(resolver->asked == 2);
}

TEST_CASE("a lookup is given up when its caller has to stop") {
    const auto resolver = std::make_shared<Resolver>();
    NameLookup name("receiver.example", 8125, Resolver::of(resolver));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(name.resolve(30s, [] { return true; }).error() == "stopped");
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    resolver->answer();
}

TEST_CASE("a name that is not known is asked for anew") {
    const auto resolver = std::make_shared<Resolver>();
    resolver->knows = false;
    resolver->answer();
    NameLookup name("receiver.example", 8125, Resolver::of(resolver));
    CHECK(name.resolve(10s).error() == "no such name");
    resolver->knows = true;
    CHECK(name.resolve(10s));
}
