// D: the peers of the other sinks, and who scrapes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"
#include "tests/integration/peers/port.h"

namespace outrigger::faults {
namespace {

double dropped(const World& world, const std::string& sink) { return counter(world, "dropped", sink); }

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

// The same over UDP: a closed port of this machine is noticed, and who comes to it gets what comes from then on.
void over_udp(World& world) {
    const int port = peers::free_port();
    world.kill_agent();
    world.set_flag("--statsd", "udp://127.0.0.1:" + std::to_string(port));
    world.agent.start();
    world.start_load(Shape::l1);
    const double before = dropped(world, "statsd");
    const bool closed =
        peers::eventually(20s, [&] { return !is_up(world, "statsd") && dropped(world, "statsd") > before; });
    world.fired("times a UDP port was closed", closed ? 1 : 0);
    const double rows = counter(world, "delivered", "rows");
    world.expect(peers::eventually(5s, [&] { return counter(world, "delivered", "rows") > rows; }), "rows stand still");
    auto& receiver = world.keep<peers::Datagrams>(port);
    world.expect(peers::eventually(20s, [&] { return is_up(world, "statsd") && receiver.sum("request_count") > 0; }),
                 "statsd does not come back over UDP");
    world.expect(receiver.nonsense().empty(), "StatsD got lines that are none");
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
    over_udp(world);
}

// The receiver reads nothing, so that each flush lasts as long as it may.
void killed_in_a_flush(World& world) {
    world.start();
    for (int i = 0; i < 3; ++i) {
        world.statsd_rests(true);
        fill_queue(world.statsd_path());
        world.pause(2500, 3500);
        world.kill_agent();
        world.statsd_rests(false);
        world.agent.start();
        world.pause(2500, 4000);
    }
    world.fired("events of flushes cut short",
                static_cast<std::uint64_t>(world.agent.scrape().sum("outrigger_sink_dropped_events_total",
                                                                    {{"sink", "statsd"}, {"reason", "restart"}})));
}

void all_away(World& world) {
    world.no_traces();
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
        {"D6", "nobody reads StatsD's socket, or nobody is there, nor at its UDP port", Drops::none, statsd_away},
        {"D6b", "the agent is killed while a flush to StatsD is under way", Drops::none, killed_in_a_flush},
        {"D7", "all sinks are away, and come back", Drops::none, all_away},
        {"D9", "hundreds scrape at once and do not read", Drops::none, scraped_by_many},
    };
}

}  // namespace outrigger::faults
