#include "tests/faults/postgres_faults.h"

#include <nlohmann/json.hpp>

#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

nlohmann::json status_of(const World& world, const std::string& sink) {
    return nlohmann::json::parse(world.agent.status()).at("sinks").at(sink);
}

}  // namespace

TcpProxy& put_proxy_before_postgres(World& world, const std::string& more) {
    auto& proxy = world.keep<TcpProxy>(world.postgres.port());
    world.agent.flags = world.agent_flags("postgresql://postgres:hunter2@127.0.0.1:" + std::to_string(proxy.port()) +
                                          "/postgres?" + more);
    return proxy;
}

void cut_next_commit(TcpProxy& proxy, TcpProxy::Fate fate, std::function<void()> first) {
    using namespace std::string_view_literals;
    // The ledger is part of the transaction: what only looks, or makes partitions, is not meant.
    proxy.judge([fate, first = std::move(first), ours = false, done = false](std::string_view bytes) mutable {
        ours = ours || bytes.contains("COPY request_log");
        if (done || !ours ||
            !bytes.contains("Q\0\0\0\x0b"
                            "COMMIT\0"sv))
            return TcpProxy::Fate::pass;
        done = true;
        if (first) first();
        return fate;
    });
}

pid_t backend_of_agent(const peers::PostgresCluster& cluster) {
    return static_cast<pid_t>(
        cluster.number("SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE application_name = 'outrigger'"));
}

long terminate_backends_of_agent(const peers::PostgresCluster& cluster) {
    return cluster.number(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
        "application_name = 'outrigger'");
}

std::string last_error_of(const World& world, const std::string& sink) {
    const auto status = status_of(world, sink);
    const auto error = status.find("last_error");
    return error == status.end() || !error->is_string() ? "" : error->get<std::string>();
}

bool goes_down(const World& world, const std::string& sink, const std::vector<std::string>& because,
               std::chrono::milliseconds deadline) {
    return peers::eventually(deadline, [&] {
        const std::string error = last_error_of(world, sink);
        return !is_up(world, sink) &&
               std::ranges::any_of(because, [&](const auto& text) { return error.contains(text); });
    });
}

bool is_up(const World& world, const std::string& sink) { return status_of(world, sink).at("up").get<bool>(); }

double counter(const World& world, const std::string& name, const std::string& sink) {
    return world.agent.scrape().sum("outrigger_sink_" + name + "_events_total", {{"sink", sink}});
}

void expect_others_flow(World& world) {
    const double before = counter(world, "delivered", "statsd");
    world.expect(peers::eventually(6s, [&] { return counter(world, "delivered", "statsd") > before; }),
                 "P8: statsd stands still");
}

void change_schema(World& world, const std::string& statements) {
    std::string why;
    const bool done = peers::eventually(20s, [&] {
        try {
            world.postgres.query(statements);
            return true;
        } catch (const std::exception& error) {
            why = error.what();
            return false;
        }
    });
    world.expect(done, "the case cannot change the schema: " + why);
}

Meanwhile::Meanwhile(const peers::PostgresCluster& cluster, const std::string& statements)
    : thread_([this, &cluster, statements] {
          try {
              cluster.query(statements);
          } catch (const std::exception&) {
              failed_ = true;
          }
      }) {}

void use_role(World& world, const std::string& role) {
    world.postgres.query("CREATE ROLE " + role + " LOGIN; GRANT CREATE ON SCHEMA public TO " + role);
    world.agent.flags = world.agent_flags(world.postgres.uri(role, "hunter2"));
}

}  // namespace outrigger::faults
