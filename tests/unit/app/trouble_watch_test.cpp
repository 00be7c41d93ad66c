#include "app/trouble_watch.h"

#include <doctest/doctest.h>

#include <mutex>
#include <vector>

namespace outrigger::app {
namespace {

using namespace std::chrono_literals;

struct Told {
    std::mutex mutex;  // guards the rest
    std::string trouble;
    int asked = 0;
    std::vector<std::string> lines;

    void set(std::string what) {
        const std::scoped_lock lock(mutex);
        trouble = std::move(what);
        asked = 0;
    }
    bool soon(std::size_t wanted) {  // asked ten times more, and that many lines
        for (int i = 0; i < 5'000; ++i, std::this_thread::sleep_for(1ms)) {
            const std::scoped_lock lock(mutex);
            if (asked >= 10 && lines.size() >= wanted) return lines.size() == wanted;
        }
        return false;
    }
};

TEST_CASE("a trouble is told once, again when it changes, and when it is over") {
    Told told;
    const TroubleWatch watch(
        [&] {
            const std::scoped_lock lock(told.mutex);
            ++told.asked;
            return told.trouble;
        },
        [&](const std::string& line) {
            const std::scoped_lock lock(told.mutex);
            told.lines.push_back(line);
        },
        1ms);
    CHECK(told.soon(0));
    told.set("/run/agent.sock: Permission denied");
    REQUIRE(told.soon(1));
    CHECK(told.lines[0] == "no way to the agent: /run/agent.sock: Permission denied");
    told.set("/run/agent.sock.rings: Permission denied");
    REQUIRE(told.soon(2));
    told.set("");
    REQUIRE(told.soon(3));
    CHECK(told.lines[2] == "the agent can be reached again");
}

}  // namespace
}  // namespace outrigger::app
