// What the installed unit and the agent itself do so that what breaks in gains little.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <set>
#include <sstream>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/pass_over.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/system_calls.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

Finished run_here(const std::vector<std::string>& arguments) {
    const TemporaryFolder folder;
    return run({.arguments = arguments, .environment = {}, .folder = folder.path(), .name = "tool"}, 30s);
}

// systemd's sets of system calls, by name; they hold the names of others.
using Sets = std::map<std::string, std::set<std::string>>;

Sets sets_of_system_calls() {
    std::istringstream lines(run_here({"systemd-analyze", "syscall-filter"}).output);
    Sets sets;
    std::string set;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("@")) set = line;
        const std::size_t name = line.find_first_not_of(' ');
        if (name != std::string::npos && name > 0 && line[name] != '#') sets[set].insert(line.substr(name));
    }
    return sets;
}

void expand(const Sets& sets, const std::string& name, std::set<std::string>& into) {
    const auto found = sets.find(name);
    if (found == sets.end()) {
        into.insert(name);
        return;
    }
    for (const auto& each : found->second) expand(sets, each, into);
}

// What the unit's filters leave.
std::set<std::string> admitted(const Sets& sets) {
    std::istringstream lines(read_whole("packaging/outrigger.service"));
    const std::string key = "SystemCallFilter=";
    std::set<std::string> out;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key)) continue;
        const bool takes_away = line[key.size()] == '~';
        std::istringstream names(line.substr(key.size() + (takes_away ? 1 : 0)));
        for (std::string name; names >> name;) {
            std::set<std::string> calls;
            expand(sets, name, calls);
            for (const auto& call : calls) takes_away ? void(out.erase(call)) : void(out.insert(call));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("the unit is as tight as it claims, by systemd's own measure") {
    const Finished finished = run_here({"tools/hardening", built("outrigger")});
    CAPTURE(finished.output);
    CAPTURE(finished.errors);
    if (finished.output.starts_with("NOT TESTED")) return pass_over("no systemd-analyze");
    CHECK(finished.status == 0);
    CHECK(finished.output.find("Overall exposure level for outrigger.service: ") != std::string::npos);
}

TEST_CASE("systemd tries for ever to start the agent, but with settings that are wrong") {
    const std::string unit = read_whole("packaging/outrigger.service");
    const std::string head = unit.substr(0, unit.find("[Service]"));  // elsewhere systemd passes it over
    CHECK(head.find("\nStartLimitIntervalSec=0\n") != std::string::npos);
    CHECK(unit.find("\nRestart=always\n") != std::string::npos);
    CHECK(unit.find("\nRestartPreventExitStatus=2\n") != std::string::npos);
}

TEST_CASE("every system call that the agent makes passes the unit's filter") {
    if (const auto why = SystemCalls::unavailable()) return pass_over(*why);
    const Sets sets = sets_of_system_calls();
    if (sets.empty()) return pass_over("no systemd-analyze");
    const TemporaryFolder folder;
    const TemporaryFolder memory{TemporaryFolder::Place::memory};
    const SystemCalls calls;
    auto arguments = calls.command();
    const int port = free_port();
    for (const std::string& argument :
         {built("outrigger").string(), std::string("--socket"), (memory / "agent.sock").string(), std::string("--http"),
          "127.0.0.1:" + std::to_string(port), std::string("--data-dir"), (folder / "data").string(),
          std::string("--statsd"), std::string("udp://127.0.0.1:9"), std::string("--traces"),
          std::string("http://127.0.0.1:9"), std::string("--postgres"), std::string("host=127.0.0.1 port=9")})
        arguments.push_back(argument);
    Process agent({.arguments = arguments, .environment = {}, .folder = folder.path(), .name = "agent"});
    REQUIRE(eventually(30s, [&] { return get(port, "/metrics").status == 200; }));
    LineClient client(memory / "agent.sock");
    CHECK(client.send("{\"status\":200,\"duration_us\":5,\"route\":\"/\"}\n"));
    CHECK(
        eventually(10s, [&] { return get(port, "/metrics").body.find("http_requests_total{") != std::string::npos; }));
    agent.send(SIGTERM);
    CHECK(agent.wait(30s) == 0);
    const auto made = calls.of_threads_that_called("set_robust_list");  // all do
    CHECK(made.size() > 30);
    const auto may = admitted(sets);
    CHECK_FALSE(may.contains("mount"));
    for (const auto& [call, count] : made) {
        CAPTURE(call);
        CHECK(may.contains(call));
    }
}

TEST_CASE("the agent leaves no core, and no other process of its user may read its memory") {
    Agent agent;
    agent.user = unprivileged_user();
    agent.start();
    CHECK(read_whole(agent.proc() / "limits").find("Max core file size        0                    0") !=
          std::string::npos);
    struct stat status{};
    REQUIRE(::stat((agent.proc() / "environ").c_str(), &status) == 0);
    CHECK(status.st_uid == 0);                          // of a process that may be dumped it is its own
    CHECK(agent.scrape().sum("process_open_fds") > 5);  // it still sees itself
    CHECK(agent.stop() == 0);
}

TEST_CASE("make install lays down program, unit and user") {
    const TemporaryFolder folder;
    const Finished finished = run_here({"make", "-s", "install", "DESTDIR=" + folder.path().string(), "PREFIX=/usr",
                                        "CXX=false", "-o", built("outrigger").string()});
    CAPTURE(finished.errors);
    REQUIRE(finished.status == 0);
    CHECK(std::filesystem::exists(folder / "usr/bin/outrigger"));
    CHECK(read_whole(folder / "usr/lib/systemd/system/outrigger.service").find("ExecStart=/usr/bin/outrigger\n") !=
          std::string::npos);
    CHECK(read_whole(folder / "usr/lib/sysusers.d/outrigger.conf").find("u outrigger ") != std::string::npos);
}

}  // namespace outrigger::peers
