#include "agent/sinks/rows/lifeline.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "shared/file_descriptor.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

struct Pair {
    FileDescriptor ours, theirs;
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        ours = FileDescriptor(ends[0]);
        theirs = FileDescriptor(ends[1]);
    }
    // Whether somebody who waits for an answer would be woken within the time.
    bool is_shut_within(std::chrono::milliseconds time) const {
        pollfd waiting{ours.get(), POLLIN, 0};
        return ::poll(&waiting, 1, static_cast<int>(time.count())) == 1;
    }
};

}  // namespace

TEST_CASE("a call beyond its limit finds its socket shut, and the limit is told until there is a new connection") {
    Lifeline lifeline(5ms);
    const Pair first;
    lifeline.hold(first.ours.get());
    {
        const Lifeline::Call call(lifeline, 20ms);
        CHECK(first.is_shut_within(30s));
    }
    CHECK(lifeline.expired() == 20ms);
    {
        const Lifeline::Call clean_up(lifeline, 1h);
    }
    CHECK(lifeline.expired() == 20ms);
    lifeline.release();
    const Pair second;
    lifeline.hold(second.ours.get());
    CHECK_FALSE(lifeline.expired());
}

TEST_CASE("between calls, and in a call that is within its limit, nothing is shut") {
    Lifeline lifeline(5ms);
    const Pair pair;
    lifeline.hold(pair.ours.get());
    {
        const Lifeline::Call over(lifeline, 10ms);
    }
    CHECK_FALSE(pair.is_shut_within(50ms));
    {
        const Lifeline::Call quick(lifeline, 1h);
        CHECK_FALSE(pair.is_shut_within(50ms));
    }
    CHECK_FALSE(lifeline.expired());
    lifeline.cut();
    CHECK(pair.is_shut_within(0ms));
    CHECK_FALSE(lifeline.expired());
}

TEST_CASE("a socket that was released is not touched: its number may be another's") {
    Lifeline lifeline(5ms);
    const Pair pair;
    lifeline.hold(pair.ours.get());
    lifeline.release();
    lifeline.cut();
    const Lifeline::Call call(lifeline, 1ms);
    CHECK_FALSE(pair.is_shut_within(50ms));
}
