// D: Datadog's agent answers badly, slowly, not at all.
#include <algorithm>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"

namespace outrigger::faults {
namespace {

using peers::FakeTraceAgent;

double dropped(const World& world, const std::string& reason = "") {
    peers::Labels labels{{"sink", "traces"}};
    if (!reason.empty()) labels["reason"] = reason;
    return world.agent.scrape().sum("outrigger_sink_dropped_events_total", labels);
}

void send_traces_to(World& world, int port) {
    world.no_traces();
    world.agent.flags.insert(world.agent.flags.end(), {"--traces", "http://127.0.0.1:" + std::to_string(port)});
}

// Each event that was accepted was taken by the trace agent at least once.
void expect_all_traced(World& world, const FakeTraceAgent& traces) {
    world.end_load();
    const auto pending = [&] {
        return world.agent.scrape().sum("outrigger_sink_pending_events", {{"sink", "traces"}});
    };
    world.expect(peers::eventually(60s, [&] { return pending() == 0; }), "traces are left");
    const auto lost = static_cast<std::uint64_t>(dropped(world));
    world.expect(traces.traces() + lost >= world.accepted(),
                 "traces: " + std::to_string(traces.traces()) + " of " + std::to_string(world.accepted()));
}

// Until so many payloads more have been sent, whatever became of them.
void expect_payloads(World& world, const FakeTraceAgent& traces, std::size_t more, const std::string& answer) {
    const std::size_t before = traces.seen().payloads;
    const bool sent = peers::eventually(20s, [&] { return traces.seen().payloads >= before + more; });
    world.fired("payloads answered with " + answer, sent ? more : 0);
}

void traces_badly_answered(World& world) {
    auto& traces = world.keep<FakeTraceAgent>();
    auto& proxy = world.keep<TcpProxy>(traces.port());
    send_traces_to(world, proxy.port());
    world.start();
    for (const int status : {429, 500, 302, 503}) {
        traces.answer({status, status});
        expect_payloads(world, traces, 3, std::to_string(status));
    }
    traces.limit_body(100'000);
    expect_payloads(world, traces, 4, "413");
    traces.limit_body(~std::size_t{0});
    proxy.garble(true);
    expect_payloads(world, traces, 2, "nonsense");
    proxy.garble(false);
    traces.hang(true);
    expect_payloads(world, traces, 1, "nothing");
    expect_others_flow(world);
    traces.hang(false);
    traces.reply_without_end(true);
    expect_payloads(world, traces, 2, "a text without end");
    traces.reply_without_end(false);
    expect_all_traced(world, traces);
    world.expect(dropped(world) == 0, "traces were given up");
}

void one_slow(World& world) {
    auto& traces = world.keep<FakeTraceAgent>();
    auto& proxy = world.keep<TcpProxy>(traces.port());
    send_traces_to(world, proxy.port());
    world.start();
    proxy.limit(20'000);  // of some 1 MB/s
    double most_rows = 0;
    const auto pending = [&](const char* sink) {
        return world.agent.scrape().sum("outrigger_sink_pending_events", {{"sink", sink}});
    };
    const bool behind = peers::eventually(12s, [&] {
        most_rows = std::max(most_rows, pending("rows"));
        return pending("traces") > 12'000;
    });
    world.fired("times traces were 6 s behind", behind ? 1 : 0);
    world.expect(most_rows < 10'000, "P8: rows fall behind with it: " + std::to_string(most_rows));
    expect_others_flow(world);
    proxy.limit(0);
    expect_all_traced(world, traces);
}

// What it refuses for good is dropped at once, what waits for too long later, and each counted; after three refusals
// the agent says that it is not well.
void traces_refused(World& world) {
    auto& traces = world.keep<FakeTraceAgent>();
    send_traces_to(world, traces.port());
    world.set_flag("--traces-max-age", "2s");
    world.start();
    traces.answer_always(400);
    const bool said = peers::eventually(20s, [&] {
        const auto ready = peers::get(world.agent.port(), "/-/ready");
        return ready.status == 503 && ready.body.contains("traces");
    });
    world.expect(said, "P8: ready although all traces are refused");
    world.fired("traces refused for good", static_cast<std::uint64_t>(dropped(world, "refused_by_agent")));
    traces.answer_always(200);
    world.expect(peers::eventually(20s, [&] { return world.agent.ready() == 200; }),
                 "P8: not ready after the refusals");
    traces.answer_always(503);
    const bool old = peers::eventually(20s, [&] { return dropped(world, "too_old") > 0; });
    world.fired("traces that waited for too long", old ? static_cast<std::uint64_t>(dropped(world, "too_old")) : 0);
    expect_others_flow(world);
    traces.answer_always(200);
    expect_all_traced(world, traces);
    world.expect(static_cast<double>(traces.traces()) + dropped(world) == static_cast<double>(world.accepted()),
                 "traces: " + std::to_string(traces.traces()) + " taken and " + std::to_string(dropped(world)) +
                     " dropped of " + std::to_string(world.accepted()));
    world.expect(dropped(world) == dropped(world, "too_old") + dropped(world, "refused_by_agent"), "of another reason");
}

// It has taken what it was sent, and the agent dies before it knows: the traces come again, with the same ids.
void killed_before_the_reply(World& world) {
    auto& traces = world.keep<FakeTraceAgent>();
    send_traces_to(world, traces.port());
    world.start();
    for (int i = 0; i < 3; ++i) {
        const auto before = traces.seen().payloads;
        traces.hang(true);
        world.expect(peers::eventually(20s, [&] { return traces.seen().payloads > before; }), "no payload");
        world.agent.pause();
        const auto taken = traces.traces();
        traces.hang(false);
        const bool took = peers::eventually(5s, [&] { return traces.traces() > taken; });
        world.kill_agent();
        world.fired("kills between a reply and the note of it", took ? 1 : 0);
        world.agent.start();
    }
    expect_all_traced(world, traces);
    world.expect(dropped(world) == 0, "traces were given up");
    const auto seen = traces.seen();
    const auto twice = std::ranges::count_if(seen.accepted, [](const auto& one) { return one.second > 1; });
    world.fired("traces that came again", static_cast<std::uint64_t>(twice));
    std::size_t ids = 0;
    for (const auto& [service, each] : seen.priorities) ids += each.size();
    world.expect(ids == seen.accepted.size(),
                 std::to_string(ids) + " ids of " + std::to_string(seen.accepted.size()) + " traces");
}

}  // namespace

std::vector<Case> trace_cases() {
    return {
        {"D5", "the trace agent answers badly, in each way", Drops::none, traces_badly_answered},
        {"D5b", "the trace agent refuses for good, and is away for longer than a trace may wait", Drops::none,
         traces_refused},
        {"D5c", "the agent is killed between a reply of the trace agent and the note of it", Drops::none,
         killed_before_the_reply},
        {"D8", "traces go at a fiftieth of their rate", Drops::none, one_slow},
    };
}

}  // namespace outrigger::faults
