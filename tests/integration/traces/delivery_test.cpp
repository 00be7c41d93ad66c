// The traces sink against a trace agent that misbehaves by a script: each event arrives, or is counted.
#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <string>
#include <thread>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/temporary_folder.h"
#include "tests/integration/traces/traces_life.h"

namespace outrigger::traces {
namespace {

using namespace std::chrono_literals;
using books::SinkDrop;
using peers::eventually;
using peers::FakeTraceAgent;
using peers::TemporaryFolder;

TEST_CASE("each request is one trace, sent once, under all the headers that Datadog's agent wants") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    auto settings = settings_for(agent);
    settings.origin = {"the-container", "ci-the-container", "it-false,cn-app"};
    TracesLife life(folder.path(), settings);
    life.offer(500);
    CHECK(life.done());
    CHECK(agent.traces() == 500);
    const auto seen = agent.seen();
    CHECK(seen.all_decodable);
    for (const auto& [path, times] : seen.accepted) CHECK(times == 1);
    CHECK(life.cursor().delivered == 500);
    CHECK(life.difference() == 0);
    CHECK(life.health().up);
    CHECK(seen.headers.at("Content-Type") == "application/msgpack");
    CHECK(seen.headers.at("Datadog-Send-Real-Http-Status") == "true");
    CHECK(seen.headers.at("Datadog-Meta-Lang") == "cpp");
    CHECK(seen.headers.at("Datadog-Meta-Tracer-Version") == "9.9");
    CHECK(seen.headers.at("Datadog-Client-Computed-Top-Level") == "yes");
    CHECK(seen.headers.at("Datadog-Container-ID") == "the-container");
    CHECK(seen.headers.at("Datadog-Entity-ID") == "ci-the-container");
    CHECK(seen.headers.at("Datadog-External-Env") == "it-false,cn-app");
    CHECK(seen.headers.contains("Content-Length"));
    CHECK(std::stoi(seen.headers.at("X-Datadog-Trace-Count")) >= 1);
    CHECK_FALSE(seen.headers.contains("Datadog-Rates-Payload-Version"));
}

TEST_CASE("what comes a little at a time is gathered, so that a payload is sent each second and not each time") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    TracesLife life(folder.path(), settings_for(agent));
    CHECK(eventually(10s, [&] { return life.health().up; }));
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 60; ++i) {
        life.offer(1, i);
        std::this_thread::sleep_for(20ms);
    }
    CHECK(life.done());
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    CHECK(agent.traces() == 60);
    CHECK(agent.seen().payloads <= static_cast<std::size_t>(seconds.count()) + 1);
}

TEST_CASE("a Unix socket will do") {
    const TemporaryFolder folder;
    const std::string socket = folder / "apm.socket";
    FakeTraceAgent agent(socket);
    TracesSettings settings;
    settings.target.path = socket;
    TracesLife life(folder.path(), settings);
    life.offer(20);
    CHECK(life.done());
    CHECK(agent.traces() == 20);
    CHECK(agent.seen().headers.at("Host") == "localhost");
}

TEST_CASE("429, 503 and the like are tried again until it is 200: nothing is lost, and two lines say so") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.answer({429, 503, 500, 408, 404});
    TracesLife life(folder.path(), settings_for(agent));
    life.offer(50);
    CHECK(life.done());
    CHECK(agent.traces() == 50);
    CHECK(life.cursor().delivered == 50);
    CHECK(life.difference() == 0);
    CHECK(life.times_said("down: 429") == 1);
    CHECK(life.times_said("up again") == 1);
    CHECK(life.said().size() == 2);
}

TEST_CASE("413 is answered by halves; what is too large alone is dropped and counted") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.limit_body(3'000);
    TracesLife life(folder.path(), settings_for(agent));
    life.offer(40);
    life.offer(1, 40, 1'900);
    life.offer(5, 41);
    CHECK(life.done());
    CHECK(agent.traces() == 46);
    CHECK(life.cursor().delivered == 46);
    agent.limit_body(2'000);
    life.offer(1, 100, 1'900);
    life.offer(3, 101);
    CHECK(life.done());
    CHECK(life.dropped(SinkDrop::refused_by_agent) == 1);
    CHECK(life.cursor().delivered == 49);
    CHECK(life.difference() == 0);
    CHECK(life.times_said("refused and dropped: 413") == 1);
}

TEST_CASE("after a 413 payloads grow again as long as they are taken") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.answer_always(503);
    TracesLife life(folder.path(), settings_for(agent));
    life.offer(1'000);
    CHECK(eventually(10s, [&] { return agent.seen().payloads > 0; }));
    std::deque<int> statuses;  // down to a payload of one trace, which is then taken
    for (int halvings = 0; halvings < 9; ++halvings) statuses.push_back(413);
    agent.answer(statuses);
    agent.answer_always(200);
    CHECK(life.done());
    CHECK(agent.traces() == 1'000);
    CHECK(agent.seen().payloads < 60);
    CHECK(life.difference() == 0);
}

TEST_CASE("400 and 415 drop what was sent, counted, with one line, and that is progress; three in a row are trouble") {
    FakeTraceAgent agent;
    for (const int status : {400, 415}) {
        CAPTURE(status);
        const TemporaryFolder journal;
        TracesLife life(journal.path(), settings_for(agent));
        agent.answer_always(status);
        for (int n = 1; n <= 2; ++n) {
            life.offer(10);
            CHECK(life.done());
            CHECK(life.dropped(SinkDrop::refused_by_agent) == static_cast<std::uint64_t>(10 * n));
            CHECK(life.health().up);
            CHECK(life.health().last_error.contains("refused and dropped: " + std::to_string(status)));
            CHECK(life.said().size() == 1);
        }
        life.offer(10);
        CHECK(life.done());
        CHECK(eventually(5s, [&] { return !life.health().up; }));
        CHECK(life.times_said("down: traces are refused and dropped: " + std::to_string(status)) == 1);
        agent.answer_always(200);
        life.offer(10, 30);
        CHECK(life.done());
        CHECK(life.dropped(SinkDrop::refused_by_agent) == 30);
        CHECK(life.cursor().delivered == 10);
        CHECK(eventually(5s, [&] { return life.health().up; }));
        CHECK(life.said().size() == 3);
        CHECK(life.difference() == 0);
    }
}

TEST_CASE("an agent that is away for long costs what has become too old, and that is counted") {
    const TemporaryFolder folder;
    const int port = peers::free_port();
    auto settings = settings_for(port);
    settings.max_age = 4s;  // longer than a busy machine takes to deliver
    TracesLife life(folder.path(), settings);
    life.offer(100);
    CHECK(life.done());
    CHECK(life.dropped(SinkDrop::too_old) == 100);
    CHECK(life.cursor().delivered == 0);
    CHECK(life.difference() == 0);
    CHECK(life.times_said("cannot connect to 127.0.0.1") == 1);
    FakeTraceAgent agent(port);
    CHECK(eventually(20s, [&] { return life.health().up; }));
    life.offer(7, 100);
    CHECK(life.done());
    CHECK(agent.traces() == 7);
    CHECK(life.cursor().delivered == 7);
    CHECK(life.difference() == 0);
}

TEST_CASE("the next life goes on where the last one was: what was delivered is not sent again, what was not is") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    books::Cursor kept;
    {
        TracesLife life(folder.path(), settings_for(agent));
        life.offer(10);
        CHECK(life.done());
        agent.answer_always(503);
        life.offer(5, 10);
        CHECK_FALSE(life.stop());
        kept = life.cursor();
        CHECK(kept.delivered == 10);
    }
    agent.answer_always(200);
    TracesLife life(folder.path(), settings_for(agent), kept);
    CHECK(life.done());
    life.offer(5, 15);
    CHECK(life.done());
    CHECK(life.cursor().delivered == 20);
    CHECK(life.difference() == 0);
    const auto seen = agent.seen();
    CHECK(seen.accepted.size() == 20);
    for (const auto& [path, times] : seen.accepted) CHECK(times == 1);
}

TEST_CASE("what is kept is sent before it stops; nobody waits long for an agent that is not there") {
    const TemporaryFolder folder;
    const TemporaryFolder other;
    FakeTraceAgent agent;
    TracesLife life(folder.path(), settings_for(agent));
    life.offer(300);
    CHECK(life.stop());
    CHECK(agent.traces() == 300);
    agent.hang(true);
    for (const int port : {peers::free_port(), agent.port()}) {
        const TemporaryFolder journal;
        TracesLife orphan(journal.path(), settings_for(port));
        orphan.offer(3);
        const auto began = std::chrono::steady_clock::now();
        CHECK_FALSE(orphan.stop());
        CHECK(std::chrono::steady_clock::now() - began < 6s);
        CHECK(orphan.difference() == 0);
    }
}

TEST_CASE("the rates it answers are handed on, and the agent is told which ones are known") {
    const TemporaryFolder folder;
    FakeTraceAgent agent;
    agent.give_rates(R"({"rate_by_service":{"service:shop,env:prod":0.25}})", "v7");
    TracesLife life(folder.path(), settings_for(agent));
    life.offer(1);
    CHECK(life.done());
    CHECK(life.rates() == RateTable{{"service:shop,env:prod", 0.25}});
    agent.give_rates("{}", "v7");
    life.offer(1, 1);
    CHECK(life.done());
    CHECK(agent.seen().headers.at("Datadog-Rates-Payload-Version") == "v7");
    CHECK(life.rates().size() == 1);
    agent.give_rates("what is this", "v8");
    life.offer(1, 2);
    CHECK(life.done());
    CHECK(life.rates().size() == 1);
    CHECK(life.cursor().delivered == 3);
}

}  // namespace
}  // namespace outrigger::traces
