// C, D: what stands between the agent and Postgres: TLS, a pool, the name server.
#include <unistd.h>

#include <fstream>

#include "tests/faults/catalogue.h"
#include "tests/faults/certificates.h"
#include "tests/faults/name_server.h"
#include "tests/faults/pool.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

void set(const World& world, const std::string& setting, const std::string& value) {
    world.postgres.query("ALTER SYSTEM SET " + setting + " = '" + value + "'");
}

void serve(const World& world, const Authority::Server& server) {
    set(world, "ssl_cert_file", server.certificate);
    set(world, "ssl_key_file", server.key);
    set(world, "ssl", "on");
    world.postgres.query("SELECT pg_reload_conf()");
}

void bad_certificates(World& world) {
    const Authority ours("ours"), theirs("theirs");
    const auto good = ours.vouch_for("good", "IP:127.0.0.1", 2);
    serve(world, good);
    auto& in_the_clear = world.keep<std::atomic<unsigned>>(0U);
    auto& proxy = put_proxy_before_postgres(world, "sslmode=verify-full&sslrootcert=" + ours.certificate().string());
    proxy.judge([&](std::string_view bytes) {
        if (bytes.contains("postgres") || bytes.contains("/load/")) ++in_the_clear;
        return TcpProxy::Fate::pass;
    });
    world.start();
    const std::vector<std::pair<std::string, Authority::Server>> bad{
        {"expired certificates", ours.vouch_for("old", "IP:127.0.0.1", -1)},
        {"certificates of another host", ours.vouch_for("other", "DNS:other.test", 2)},
        {"certificates of an unknown authority", theirs.vouch_for("unknown", "IP:127.0.0.1", 2)},
    };
    const auto refused = [&](const std::string& what, const std::vector<std::string>& says) {
        proxy.reset_all();
        const bool down = goes_down(world, "rows", says, 15s);
        world.expect(down, what + " are not refused: " + last_error_of(world, "rows"));
        world.fired(what, down ? 1 : 0);
    };
    for (const auto& [what, server] : bad) {
        serve(world, server);
        refused(what, {"certificate verify failed", "does not match host name"});
    }
    expect_others_flow(world);
    serve(world, good);
    world.expect(world.rows_arrive(40s), "no rows with a good certificate");
    set(world, "ssl", "off");
    world.postgres.query("SELECT pg_reload_conf()");
    refused("servers without TLS", {"does not support SSL"});
    serve(world, good);
    world.expect(world.rows_arrive(40s), "no rows after TLS came back");
    world.expect(in_the_clear == 0, "something went in the clear");
}

void pooled(World& world) {
    auto& pool = world.keep<Pool>(world.postgres);
    world.agent.flags = world.agent_flags(pool.uri());
    world.start();
    for (int i = 0; i < 3; ++i) {
        world.fired("pauses", pool.command("PAUSE postgres") ? 1 : 0);
        world.pause(200, 3000);
        world.expect(pool.command("RESUME postgres"), "the pool does not resume");
        world.expect(world.rows_arrive(20s), "no rows after a pause");
        world.fired("reconnects", pool.command("RECONNECT") ? 1 : 0);
        world.pause(100, 500);
    }
    world.postgres.stop_immediate();
    world.postgres.start();
    world.fired("crashes of Postgres behind the pool");
    world.expect(world.rows_arrive(40s), "no rows after Postgres came back");
    pool.restart();
    world.fired("kills of the pool");
    world.expect(world.rows_arrive(40s), "no rows after the pool came back");
}

std::string cannot_serve_names() { return ::geteuid() == 0 ? "" : "only root may have port 53 and a resolv.conf"; }

void names_in_trouble(World& world) {
    auto& names = world.keep<NameServer>();
    auto& folder = world.keep<peers::TemporaryFolder>();
    auto& first = world.keep<TcpProxy>(world.postgres.port());
    auto& second = world.keep<TcpProxy>(world.postgres.port(), "127.0.0.2", first.port());
    std::ofstream(folder / "resolv.conf") << "nameserver " << names.address() << "\noptions timeout:2 attempts:2\n";
    world.agent.wrapper = {"unshare",
                           "--mount",
                           "--propagation",
                           "slave",
                           "sh",
                           "-c",
                           "mount --bind '" + (folder / "resolv.conf").string() + "' /etc/resolv.conf && exec \"$@\"",
                           "sh"};
    world.agent.flags =
        world.agent_flags("postgresql://postgres:hunter2@postgres.test:" + std::to_string(first.port()) + "/postgres");
    world.start();
    using Answers = NameServer::Answers;
    for (const auto& [answers, what] : {std::pair(Answers::nothing, "questions without an answer"),
                                        std::pair(Answers::no_such_name, "names that there are not")}) {
        names.answer(answers);
        first.reset_all();
        world.expect(goes_down(world, "rows", {"could not translate host name"}, 20s),
                     std::string("not noticed: ") + what);
        world.fired(what, names.questions(answers));
        expect_others_flow(world);
        names.answer(Answers::address);
        world.expect(world.rows_arrive(40s), std::string("no rows after: ") + what);
    }
    first.refuse(true);
    first.reset_all();
    names.point_at(2);
    world.expect(world.rows_arrive(40s), "no rows at the new address");
    world.fired("connections at the new address", second.connections());
}

}  // namespace

std::vector<Case> link_cases() {
    return {
        {"C21", "a pool in transaction mode, paused, reconnected, killed", Drops::none, pooled, Pool::unavailable},
        {"C22", "TLS: certificates that are expired, of another host or authority, and none at all", Drops::none,
         bad_certificates},
        {"D4", "the name server is silent, knows no name, names another address", Drops::none, names_in_trouble,
         cannot_serve_names},
    };
}

}  // namespace outrigger::faults
