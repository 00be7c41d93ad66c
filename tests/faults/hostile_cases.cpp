// E: clients that mean no good, on the socket and at the HTTP door. Beside them the load goes on, and loses nothing.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "shared/unix_socket.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/crowd.h"
#include "tests/faults/neighbours.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/unit/agent/http/raw_client.h"

namespace outrigger::faults {
namespace {

using peers::LineClient;

double turned_away(const World& world, const std::string& reason) {
    return world.agent.scrape().sum("outrigger_turned_away_total", {{"reason", reason}});
}

// Deleted, its folder of rings too, then something else in its place.
void socket_taken_away(World& world) {
    const std::filesystem::path socket = world.agent.socket();
    const auto there = [&] { return std::filesystem::is_socket(socket); };
    world.start(Shape::l2);
    for (int i = 0; i < 3; ++i) {
        world.fired("deletions of the socket", std::filesystem::remove(socket) ? 1 : 0);
        world.expect(peers::eventually(2s, there), "E1: a deleted socket does not come again");
        world.kill_process(0);  // its successor must find the way
    }
    std::filesystem::remove(socket);
    std::ofstream(socket) << "something else";
    world.expect(
        peers::eventually(5s, [&] { return world.agent.log().find("does not lead here") != std::string::npos; }),
        "E1: nothing is said of a name that was taken");
    world.fired("names taken");
    world.expect(std::filesystem::file_size(socket) == 14, "E1: what took the name was touched");
    std::filesystem::remove(socket);
    world.expect(peers::eventually(2s, there), "E1: the socket does not come again");
    world.kill_process(0);
    world.expect(world.rows_arrive(), "E1: no rows");
}

void not_allowed(World& world) {
    world.agent.flags.insert(world.agent.flags.end(), {"--allow-uids", "0", "--socket-mode", "0666"});
    std::filesystem::permissions(std::filesystem::path(world.agent.socket()).parent_path(),
                                 std::filesystem::perms{0755});
    world.start();
    const peers::TemporaryFolder folder;
    folder.give_to(*peers::unprivileged_user());
    std::ofstream(folder / "line") << "{\"path\":\"/stranger\",\"status\":200,\"duration_us\":1}\n";
    for (int i = 0; i < 20; ++i)
        peers::run({.arguments = {"nc", "-U", "-q", "0", world.agent.socket()},
                    .environment = {},
                    .folder = folder.path(),
                    .name = "nc",
                    .user = peers::unprivileged_user(),
                    .input = folder / "line"},
                   5s);
    world.fired("strangers turned away", static_cast<std::uint64_t>(turned_away(world, "not_allowed")));
    ring_of_a_stranger(world);
    world.expect(world.postgres.number("select count(*) from request_log where endpoint = '/stranger'") == 0,
                 "E2: a stranger's event is stored");
}

// A byte at a time, on both doors, by more than there are seats: the crowd's user gives up seats to the others.
void slow_clients(World& world) {
    world.set_flag("--socket-mode", "0666");
    std::filesystem::permissions(std::filesystem::path(world.agent.socket()).parent_path(),
                                 std::filesystem::perms{0755});
    world.start();
    const auto processes = [&] {
        return world.postgres.number(
            "select count(distinct split_part(endpoint, '/', 3)) from request_log where endpoint like '/load/%'");
    };
    {
        const Crowd crowd(world.agent.socket(), 1100, *peers::unprivileged_user());
        std::vector<http::RawClient> guests;
        for (int i = 0; i < 64; ++i) guests.emplace_back(static_cast<std::uint16_t>(world.agent.port()));
        const std::string request = "GET /metrics HTTP/1.1\r\n";
        for (std::size_t at = 0; at < 12; ++at) {
            for (auto& guest : guests) guest.send(request.substr(at, 1));
            std::this_thread::sleep_for(200ms);
        }
        world.expect(world.rows_arrive(5s), "E3: the others wait");
        world.kill_process(0);
        world.expect(peers::eventually(10s, [&] { return processes() == 2; }), "E3: a newcomer gets no seat");
        world.start_load(Shape::l4);
        world.expect(peers::eventually(10s, [&] { return processes() == 3; }), "E3: another gets no seat");
        world.expect(
            peers::eventually(10s, [&] { return peers::get(world.agent.port(), "/-/healthy", {}, 1s).status == 200; }),
            "E3: the door is shut");
    }
    world.fired("clients without a seat", static_cast<std::uint64_t>(turned_away(world, "full")));
}

void floods_without_descriptors(World& world) {
    world.start();
    rlimit before{};
    const rlimit few{48, 4096};
    if (::prlimit(world.agent.id(), RLIMIT_NOFILE, &few, &before) != 0) throw std::runtime_error("no prlimit");
    {
        std::vector<FileDescriptor> held;
        for (int i = 0; i < 3000; ++i) {
            auto socket = connect_unix(world.agent.socket());
            if (socket) held.push_back(std::move(*socket));
            if (held.size() > 200) held.erase(held.begin());
        }
        world.expect(world.rows_arrive(3s), "E4: the others wait");
    }
    world.expect(peers::eventually(5s, [&] { return turned_away(world, "full") > 0; }), "E4: nobody was turned away");
    world.fired("turned away for want of descriptors", static_cast<std::uint64_t>(turned_away(world, "full")));
    ::prlimit(world.agent.id(), RLIMIT_NOFILE, &before, nullptr);
}

void label_bomb(World& world) {
    world.start();
    LineClient client(world.agent.socket());
    std::string batch;
    for (int i = 0; i < 60'000; ++i) {
        batch +=
            "{\"status\":200,\"duration_us\":1,\"route\":\"/bomb/" + std::to_string(i) + "\",\"method\":\"GET\"}\n";
        batch += "{\"type\":\"metric\",\"kind\":\"count\",\"name\":\"m" + std::to_string(i) +
                 "\",\"value\":1,\"tags\":{\"t\":\"" + std::to_string(i) + "\"}}\n";
        if (batch.size() < 60'000) continue;
        client.send(batch);
        batch.clear();
    }
    client.send(batch + "{\"type\":\"bye\"}\n");
    world.expect(client.closed_by_peer(30s), "E9: not read to its end");
    world.others_sent(60'000);
    const auto began = std::chrono::steady_clock::now();
    world.expect(peers::get(world.agent.port(), "/metrics").status == 200, "E9: no scrape");
    world.expect(std::chrono::steady_clock::now() - began < 2s, "E9: a scrape takes longer than 2 s");
    const auto scrape = world.agent.scrape();
    world.expect(scrape.sum("outrigger_series") <= 10'000, "E9: more series than the cap");
    world.fired("label sets beyond the cap", static_cast<std::uint64_t>(scrape.sum("outrigger_series_overflow_total")));
}

void hostile_http(World& world) {
    world.start();
    const auto port = static_cast<std::uint16_t>(world.agent.port());
    const auto before = world.agent.resident_kib();
    std::vector<http::RawClient> half_open;
    for (int i = 0; i < 64; ++i) {
        half_open.emplace_back(port);
        half_open.back().send("GET /metrics HTTP/1.1\r\nHo");
    }
    std::string headers;
    for (int i = 0; i < 200'000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
    for (const std::string& request :
         {"GET /metrics HTTP/1.1\r\n" + headers + "\r\n", "GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\n\r\n",
          "POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + std::string(1 << 20, 'x'),
          std::string("GET /metrics HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET "
                      "/status HTTP/1.1\r\n\r\n"),
          std::string("\0\0\0\0\r\n\r\n", 8), std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
          "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(1 << 20, 'y')}) {
        for (int i = 0; i < 5; ++i) {
            http::RawClient client(port);
            client.send(request);
        }
    }
    const auto began = std::chrono::steady_clock::now();
    world.expect(peers::eventually(5s, [&] { return peers::get(port, "/metrics", {}, 2s).status == 200; }),
                 "E11: no scrape");
    world.expect(std::chrono::steady_clock::now() - began < 3s, "E11: a scrape waits");
    world.fired("hostile HTTP requests turned away", static_cast<std::uint64_t>(world.agent.scrape().sum(
                                                         "outrigger_turned_away_total", {{"door", "http"}})));
    world.expect(world.agent.resident_kib() - before < 32 * 1024, "E11: memory grew");
}

void noisy_neighbour(World& world) {
    world.no_traces();
    world.start();
    std::string batch;
    while (batch.size() < 200'000)
        batch += "{\"status\":200,\"duration_us\":1,\"route\":\"/noise\",\"path\":\"/noise\"}\n";
    const auto lines = static_cast<std::uint64_t>(std::ranges::count_if(batch, [](char c) { return c == '\n'; }));
    LineClient client(world.agent.socket());
    world.others_sent_some();
    const auto until = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < until && client.send(batch)) {
        world.fired("lines of noise", lines);
        std::this_thread::sleep_for(std::chrono::microseconds(5 * lines));  // 200,000 a second
    }
    world.expect(world.rows_arrive(10s), "E12: the others wait");
}

}  // namespace

std::vector<Case> hostile_cases() {
    const auto root = [] { return std::string(::geteuid() == 0 ? "" : "only root can be somebody else"); };
    return {
        {"E1", "the socket is deleted, and its name taken", Drops::none, socket_taken_away},
        {"E2", "users who are not on the list", Drops::none, not_allowed, root},
        {"E3", "more clients than seats, who send a byte at a time", Drops::none, slow_clients, root},
        {"E4", "a flood of connections, and no descriptors left", Drops::none, floods_without_descriptors},
        {"E9", "more routes and metrics than there may be series", Drops::none, label_bomb},
        {"E11", "hostile HTTP", Drops::none, hostile_http},
        {"E12", "a neighbour who sends 200,000 events a second", Drops::none, noisy_neighbour},
    };
}

}  // namespace outrigger::faults
