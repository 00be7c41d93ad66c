#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

Finished look(const Agent& agent, const std::string& how) {
    const TemporaryFolder folder;
    return run(
        {.arguments = {built("outrigger"), "journal", how, "--data-dir", agent.data(), "--socket", agent.socket()},
         .environment = {},
         .folder = folder.path(),
         .name = "journal"},
        20s);
}

bool says(const Finished& finished, const std::string& text) { return finished.output.find(text) != std::string::npos; }

std::filesystem::path only_segment(const Agent& agent) {
    for (const auto& entry : std::filesystem::directory_iterator(agent.data() / "journal"))
        if (entry.path().extension() == ".seg") return entry.path();
    return {};
}

}  // namespace

TEST_CASE("the journal of a running agent can be listed and verified, and damage is named") {
    Agent agent;
    agent.start();
    LineClient client(agent.socket());
    for (int round = 1; round <= 20; ++round) {
        for (int i = 0; i < 50; ++i) CHECK(client.send("{\"status\":200,\"duration_us\":5,\"route\":\"/\"}\n"));
        const Finished verified = look(agent, "verify");
        CAPTURE(verified.output);
        REQUIRE(verified.status == 0);
    }
    CHECK(eventually(10s, [&] { return agent.scrape().sum("http_requests_total") == 1000; }));
    const Finished listed = look(agent, "ls");
    CAPTURE(listed.output);
    CHECK(listed.status == 0);
    CHECK(says(listed, (agent.data() / "journal").string() + " and "));
    CHECK(says(listed, ", in use by process "));
    CHECK(says(listed, "active"));
    CHECK(says(listed, "1 segment, 1000 entries, "));
    CHECK(agent.scrape().sum("http_requests_total") == 1000);  // nothing was taken from it

    agent.kill_hard();
    {
        std::fstream file(only_segment(agent), std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(4096 + 8000);
        const auto byte = static_cast<char>(~file.get());
        file.seekp(4096 + 8000);
        file.put(byte);
    }
    const Finished damaged = look(agent, "verify");
    CAPTURE(damaged.output);
    CHECK(damaged.status == 1);
    CHECK(says(damaged, only_segment(agent).string() + ": at byte "));
    CHECK(says(damaged, "1 entry does not validate: position "));
    CHECK(says(damaged, " 1 damaged, 0 in quarantine\n"));
    CHECK_FALSE(says(damaged, "in use by"));
    agent.start();  // which moves nothing away: a second name lies in quarantine
    CHECK(says(look(agent, "ls"), "data, quarantine"));
    CHECK(agent.log().find("the journal had trouble at start (damaged 1): ") != std::string::npos);
    CHECK(agent.stop() == 0);
}

TEST_CASE("a journal that is not there is an empty one") {
    const TemporaryFolder folder;
    const Finished finished = run({.arguments = {built("outrigger"), "journal", "verify", "--data-dir", folder / "none",
                                                 "--socket", folder / "agent.sock"},
                                   .environment = {},
                                   .folder = folder.path(),
                                   .name = "journal"},
                                  20s);
    CHECK(finished.status == 0);
    CHECK(says(finished, "0 segments, 0 entries, 0 bytes, 0 damaged, 0 in quarantine\n"));
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
}

}  // namespace outrigger::peers
