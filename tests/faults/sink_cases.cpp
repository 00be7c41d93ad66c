// D: the peers of the other sinks, and who scrapes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"

namespace outrigger::faults {
namespace {

double dropped(const World& world, const std::string& sink) { return counter(world, "dropped", sink); }

// Each event that was accepted was taken by the trace agent at least once.
void expect_all_traced(World& world, const peers::FakeTraceAgent& traces) {
    world.end_load();
    const auto pending = [&] {
        return world.agent.scrape().sum("outrigger_sink_pending_events", {{"sink", "traces"}});
    };
    world.expect(peers::eventually(60s, [&] { return pending() == 0; }), "traces are left");
    const auto lost = static_cast<std::uint64_t>(dropped(world, "traces"));
    world.expect(traces.traces() + lost >= world.accepted(),
                 "traces: " + std::to_string(traces.traces()) + " of " + std::to_string(world.accepted()));
}

// Until so many payloads more have been sent, whatever became of them.
void expect_payloads(World& world, const peers::FakeTraceAgent& traces, std::size_t more, const std::string& answer) {
    const std::size_t before = traces.seen().payloads;
    const bool sent = peers::eventually(20s, [&] { return traces.seen().payloads >= before + more; });
    world.fired("payloads answered with " + answer, sent ? more : 0);
}

void traces_badly_answered(World& world) {
    auto& traces = world.keep<peers::FakeTraceAgent>();
    auto& proxy = world.keep<TcpProxy>(traces.port());
    world.agent.flags.insert(world.agent.flags.end(), {"--traces", "http://127.0.0.1:" + std::to_string(proxy.port())});
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
    world.expect(dropped(world, "traces") == 0, "traces were given up");
}

// So that it does not take flush after flush to fill.
void fill_queue(const std::filesystem::path& path) {
    const FileDescriptor made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    while (::sendto(made.get(), "filler:0|c", 10, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
                    sizeof address) == 10) {
    }
}

void statsd_away(World& world) {
    world.start();
    world.statsd_goes();
    const bool gone = peers::eventually(20s, [&] { return !is_up(world, "statsd") && dropped(world, "statsd") > 0; });
    world.fired("times nobody was there", gone ? 1 : 0);
    const double rows = counter(world, "delivered", "rows");
    world.expect(peers::eventually(5s, [&] { return counter(world, "delivered", "rows") > rows; }), "rows stand still");
    world.statsd_comes();
    world.expect(peers::eventually(20s, [&] { return is_up(world, "statsd"); }), "statsd does not come back");
    const double delivered_before = counter(world, "delivered", "statsd");
    const double dropped_before = dropped(world, "statsd");
    world.statsd_rests(true);
    fill_queue(world.statsd_path());
    const bool full = peers::eventually(30s, [&] { return dropped(world, "statsd") > dropped_before; });
    world.fired("times its queue was full", full ? 1 : 0);
    world.statsd_rests(false);
    world.expect(peers::eventually(20s, [&] { return is_up(world, "statsd"); }), "statsd does not come back");
    world.end_load();
    world.expect(peers::eventually(20s, [&] { return world.agent.scrape().sum("outrigger_sink_pending_events") == 0; }),
                 "something is left");
    const double received = world.statsd().sum("request_count"), handed = counter(world, "delivered", "statsd");
    world.expect(received <= handed && received >= handed - delivered_before - 1,
                 "received " + std::to_string(received) + " of " + std::to_string(handed));
}

void all_away(World& world) {
    auto traces = std::make_unique<peers::FakeTraceAgent>();
    const int port = traces->port();
    world.agent.flags.insert(world.agent.flags.end(), {"--traces", traces->url()});
    world.start();
    world.postgres.stop();
    world.statsd_goes();
    traces.reset();
    for (const std::string sink : {"rows", "statsd", "traces"})
        world.fired(sink + " down", peers::eventually(10s, [&] { return !is_up(world, sink); }) ? 1 : 0);
    world.pause(1000, 4000);
    world.keep<peers::FakeTraceAgent>(port);
    world.statsd_comes();
    world.postgres.start();
    for (const std::string sink : {"rows", "statsd", "traces"})
        world.expect(peers::eventually(40s, [&] { return is_up(world, sink); }), sink + " does not come back");
}

void one_slow(World& world) {
    auto& traces = world.keep<peers::FakeTraceAgent>();
    auto& proxy = world.keep<TcpProxy>(traces.port());
    world.agent.flags.insert(world.agent.flags.end(), {"--traces", "http://127.0.0.1:" + std::to_string(proxy.port())});
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

// One that asks and does not read.
FileDescriptor ask(int port, const std::string& request) {
    FileDescriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int little = 2048;
    ::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    [[maybe_unused]] const auto sent = ::send(made.get(), request.data(), request.size(), MSG_NOSIGNAL);
    return made;
}

void scraped_by_many(World& world) {
    world.start();
    std::uint64_t asked = 0;
    for (int round = 0; round < 3; ++round) {
        std::vector<FileDescriptor> crowd;
        for (int i = 0; i < 300; ++i) {
            crowd.push_back(ask(world.agent.port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
            asked += crowd.back() ? 1 : 0;
        }
        world.pause(500, 1500);
        world.expect(world.rows_arrive(), "rows stand still while many scrape");
    }
    world.fired("scrapes that nobody read", asked);
    world.expect(peers::eventually(10s, [&] { return world.agent.scrape().sum("http_requests_total") > 0; }),
                 "no scrape after the crowd");
}

}  // namespace

std::vector<Case> sink_cases() {
    return {
        {"D5", "the trace agent answers badly, in each way", Drops::none, traces_badly_answered},
        {"D6", "nobody reads StatsD's socket, or nobody is there", Drops::none, statsd_away},
        {"D7", "all sinks are away, and come back", Drops::none, all_away},
        {"D8", "traces go at a fiftieth of their rate", Drops::none, one_slow},
        {"D9", "hundreds scrape at once and do not read", Drops::none, scraped_by_many},
    };
}

}  // namespace outrigger::faults
