// Hosts that say nothing, names that nobody knows, logins that are refused: on the way to a connection.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <list>
#include <stdexcept>

#include "shared/file_descriptor.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

// The kernel takes connections for it; nobody ever answers.
class SilentHost {
  public:
    SilentHost() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_.get(), 64) != 0 ||
            ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("no listener");
        port_ = ntohs(address.sin_port);
    }
    int port() const { return port_; }
    bool has_visitors() const {
        pollfd wanted{listener_.get(), POLLIN, 0};
        return ::poll(&wanted, 1, 0) == 1;
    }

  private:
    FileDescriptor listener_;
    int port_ = 0;
};

std::string conninfo(const std::string& hosts, const std::string& ports, const std::string& more = {}) {
    return "host=" + hosts + " port=" + ports + " user=postgres dbname=postgres " + more;
}

std::string conninfo(const std::list<SilentHost>& hosts, const std::string& more = {}) {
    std::string names, ports;
    for (const auto& host : hosts) {
        names += names.empty() ? "127.0.0.1" : ",127.0.0.1";
        ports += (ports.empty() ? "" : ",") + std::to_string(host.port());
    }
    return conninfo(names, ports, more);
}

RowsSettings settings_with(const std::string& conninfo) {
    RowsSettings settings;
    settings.postgres = conninfo;
    return settings;
}

}  // namespace

TEST_CASE("rows: hosts that accept and say nothing do not keep the sink from stopping at its deadline") {
    const peers::TemporaryFolder folder;
    const std::list<SilentHost> hosts(4);
    AgentLife life(folder.path(), {}, settings_with(conninfo(hosts, "connect_timeout=30")));
    life.offer(5);
    REQUIRE(peers::eventually(10s, [&] { return hosts.front().has_visitors(); }));
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(life.stop_sink(300ms));
    CHECK(std::chrono::steady_clock::now() - begun < 3s);
    CHECK(life.pending() == 5);
    CHECK(life.times_said("stopped") == 0);
}

TEST_CASE("rows: hosts that accept and say nothing do not keep the agent from stopping before it is killed") {
    const std::list<SilentHost> hosts(4);
    peers::Agent agent({"--postgres", conninfo(hosts)});
    agent.start();
    peers::LineClient client(agent.socket());
    REQUIRE(client.send("{\"path\":\"/\",\"status\":200,\"duration_us\":1}\n"));
    REQUIRE(peers::eventually(10s, [&] { return agent.scrape().sum("outrigger_sink_pending_events") == 1; }));
    REQUIRE(peers::eventually(10s, [&] { return hosts.front().has_visitors(); }));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(agent.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(agent.log().find("stopping: rows are pending") != std::string::npos);
}

TEST_CASE("rows: a host that says nothing is given its time, and then the next one is asked") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const SilentHost silent;
    const std::string ports = std::to_string(silent.port()) + "," + std::to_string(cluster.port());
    AgentLife life(folder.path(), {}, settings_with(conninfo("127.0.0.1,127.0.0.1", ports, "connect_timeout=2")));
    life.offer(5);
    CHECK(drained(life));
    CHECK(silent.has_visitors());
    CHECK(stores(cluster).rows == 5);
    CHECK(life.said().empty());
}

TEST_CASE("rows: a resolver that hangs holds up no stop, and is said") {
    const peers::TemporaryFolder folder;
    std::promise<void> hung;
    auto settings = settings_with(conninfo("db.example", "5432", "connect_timeout=2 sslmode=verify-full"));
    settings.lookup = [answered = hung.get_future().share()](const std::string&, std::uint16_t) {
        answered.wait();
        return sinks::LookupAnswer(std::unexpected("too late"));
    };
    AgentLife life(folder.path(), {}, settings);
    life.offer(5);
    CHECK(peers::eventually(20s, [&] {
        return life.times_said("down: could not translate host name \"db.example\" to address: no address within") == 1;
    }));
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(life.stop_sink(300ms));
    CHECK(std::chrono::steady_clock::now() - begun < 3s);
    hung.set_value();
}

TEST_CASE("rows: a name's next address is tried when one refuses, and a name with an address is looked up by nobody") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const peers::TemporaryFolder other;
    const std::string port = std::to_string(cluster.port());
    auto settings = settings_with(conninfo("db.example", port));
    settings.lookup = [](const std::string&, std::uint16_t to) {
        auto found = sinks::look_up("127.0.0.2", to).value();  // nobody is there
        found.push_back(sinks::look_up("127.0.0.1", to).value().front());
        return sinks::LookupAnswer(std::move(found));
    };
    {
        AgentLife life(folder.path(), {}, settings);
        life.offer(5);
        CHECK(drained(life));
        CHECK(life.said().size() == 1);
        CHECK(life.times_said("rows and password may be read on their way to db.example") == 1);
    }
    settings.postgres += "hostaddr=127.0.0.1";
    settings.lookup = [](const std::string&, std::uint16_t) { return sinks::LookupAnswer(std::unexpected("asked")); };
    AgentLife life(other.path(), {}, settings);
    life.offer(5);
    CHECK(drained(life));
    CHECK(life.said().empty());
    CHECK(stores(cluster).rows == 10);
}

TEST_CASE("rows: what a service file says is taken as libpq takes it") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    std::ofstream(folder / "services") << "[ours]\nhost=127.0.0.1,127.0.0.1\nport=1," << cluster.port()
                                       << "\nuser=postgres\ndbname=postgres\n";
    ::setenv("PGSERVICEFILE", (folder / "services").c_str(), 1);
    AgentLife life(folder.path(), {}, settings_with("service=ours"));
    life.offer(5);
    CHECK(drained(life));
    life.kill();
    ::unsetenv("PGSERVICEFILE");
    CHECK(stores(cluster).rows == 5);
}

TEST_CASE("rows: a login that is refused is said in the server's words, and tried again each few seconds") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("CREATE ROLE keeper SUPERUSER LOGIN");
    AgentLife life(folder.path(), {}, settings_for(cluster, "keeper"));
    life.offer(5);
    REQUIRE(drained(life));
    cluster.query("ALTER ROLE keeper NOLOGIN");
    cut_connections(cluster);
    life.offer(5);
    CHECK(down(life));
    CHECK(peers::eventually(5s, [&] { return life.times_said("not permitted to log in (28000)") == 1; }));
    CHECK(life.times_said("client encoding") == 0);
    CHECK_FALSE(peers::eventually(20s, [&] { return life.health().up; }));
    CHECK(life.times_said("not permitted to log in") == 1);
    cluster.query("ALTER ROLE keeper LOGIN");
    CHECK(peers::eventually(8s, [&] { return life.health().up; }));
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 10);
}

TEST_CASE("rows: words of a conninfo that libpq does not understand are said to be that") {
    const peers::TemporaryFolder folder;
    const peers::TemporaryFolder other;
    AgentLife counted(folder.path(), {}, settings_with(conninfo("127.0.0.1,127.0.0.1", "1,2,3")));
    CHECK(down(counted));
    CHECK(counted.health().last_error.find("could not match 3 port numbers to 2 hosts") != std::string::npos);
    AgentLife timed(other.path(), {}, settings_with(conninfo("127.0.0.1", "1", "connect_timeout=soon")));
    CHECK(down(timed));
    CHECK(timed.health().last_error.find("connect_timeout is no number") != std::string::npos);
}
