// The agent on disks that are full, read-only, gone or that fail their syncs: what was acknowledged is counted, now and
// after a kill, and the agent goes back to the disk when it can.
#include <doctest/doctest.h>

#include <future>
#include <set>
#include <sstream>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/pass_over.h"
#include "tests/integration/peers/small_disk.h"
#include "tests/integration/peers/system_calls.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

// Lines of about 4 KiB, so that segments go round.
class Sender {
  public:
    explicit Sender(const Agent& agent) : agent_(agent) {}

    // Sends so many more, and waits until all are acknowledged.
    bool send(std::uint64_t events) {
        LineClient client(agent_.socket());
        client.send("{\"type\":\"hello\",\"protocol\":1,\"emitter\":\"" + std::string(31, '0') +
                    "7\",\"first\":" + std::to_string(sent_ + 1) + "}\n");
        const std::string line =
            "{\"status\":200,\"duration_us\":5,\"route\":\"/\",\"message\":\"" + std::string(4000, 'm') + "\"}\n";
        for (std::uint64_t event = 0; event < events; ++event)
            if (!client.send(line)) return false;
        sent_ += events;
        const std::string last = "\"ack\",\"seq\":" + std::to_string(sent_) + "}";
        while (const auto answer = client.receive(20s))
            if (answer->find(last) != std::string::npos) return true;
        return false;
    }
    bool is_counted() const {
        return eventually(20s,
                          [&] { return agent_.scrape().sum("http_requests_total") == static_cast<double>(sent_); });
    }

  private:
    const Agent& agent_;
    std::uint64_t sent_ = 0;
};

Finished verify(const Agent& agent) {
    const TemporaryFolder folder;
    return run(
        {.arguments = {built("outrigger"), "journal", "verify", "--data-dir", agent.data(), "--socket", agent.socket()},
         .environment = {},
         .folder = folder.path(),
         .name = "journal"},
        20s);
}

// How many files' syncs were refused; each must be closed before its number is synced again.
int refused_files(const std::string& calls) {
    std::istringstream lines(calls);
    std::set<std::string> refused;
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find('(');
        if (at == std::string::npos) continue;
        const std::string file = line.substr(at + 1, line.find_first_not_of("0123456789", at + 1) - at - 1);
        if (line.find(" close(") != std::string::npos) refused.erase(file);
        if (line.find(" fdatasync(") == std::string::npos) continue;
        CHECK_FALSE(refused.contains(file));
        if (line.find("EIO") == std::string::npos) continue;
        refused.insert(file);
        ++count;
    }
    return count;
}

void check_whole(const Agent& agent) {
    const Finished verified = verify(agent);
    CAPTURE(verified.output);
    CHECK(verified.status == 0);
}

}  // namespace

TEST_CASE("a full disk, or one without inodes: nothing acknowledged is lost, and counting goes on") {
    if (const auto why = SmallDisk::unavailable()) return pass_over(*why);
    for (const bool inodes : {false, true}) {
        CAPTURE(inodes);
        Agent agent({"--journal-size", "64MiB"});
        SmallDisk disk(agent.data(), SmallDisk::Kind::tmpfs, 40 * mebibyte, inodes ? 40 : 0);
        agent.start();
        Sender sender(agent);
        REQUIRE(sender.send(200));
        if (inodes) {
            disk.fill_inodes();
        } else {
            disk.fill();
        }
        REQUIRE(sender.send(12'000));  // the spare segment is used up, and what lies beside the socket goes round
        CHECK(sender.is_counted());
        CHECK(agent.log().find(" instead, which a power loss does not survive") != std::string::npos);
        CHECK(agent.journal_errors("checkpoint") == 0);
        agent.kill_hard();
        agent.start();
        CHECK(sender.is_counted());
        CHECK(agent.stop() == 0);  // with a checkpoint
        agent.start();
        CHECK(sender.is_counted());
        CHECK(agent.journal_errors("checkpoint") == 0);
        disk.make_room();
        CHECK(eventually(20s, [&] { return agent.journal_is_durable(); }));
        REQUIRE(sender.send(100));
        CHECK(sender.is_counted());
        CHECK(agent.stop() == 0);
        check_whole(agent);
    }
}

TEST_CASE("with no room beside the socket either nothing is acknowledged; it is all kept once there is room") {
    if (const auto why = SmallDisk::unavailable()) return pass_over(*why);
    Agent agent({"--journal-size", "64MiB"});
    SmallDisk disk(agent.data(), SmallDisk::Kind::tmpfs, 32 * mebibyte);
    SmallDisk beside(std::filesystem::path(agent.socket()).parent_path() / "journal", SmallDisk::Kind::tmpfs, mebibyte);
    agent.start();
    Sender sender(agent);
    REQUIRE(sender.send(100));
    disk.fill();
    auto sent = std::async(std::launch::async, [&] { return sender.send(8000); });
    CHECK(eventually(20s, [&] {
        return agent.status().find("nothing is acknowledged") != std::string::npos ||
               agent.log().find("nothing is acknowledged") != std::string::npos;
    }));
    CHECK(sent.wait_for(0s) == std::future_status::timeout);
    CHECK(agent.ready() == 503);
    disk.make_room();
    CHECK(sent.get());
    CHECK(sender.is_counted());
    CHECK(eventually(10s, [&] { return agent.ready() == 200 && agent.journal_is_durable(); }));
    CHECK(agent.stop() == 0);
    check_whole(agent);
}

TEST_CASE("a disk that is unmounted under the agent: it goes on where the path leads") {
    if (const auto why = SmallDisk::unavailable()) return pass_over(*why);
    Agent agent({"--journal-size", "64MiB"});
    SmallDisk disk(agent.data(), SmallDisk::Kind::tmpfs, 64 * mebibyte);
    agent.start();
    Sender sender(agent);
    REQUIRE(sender.send(100));
    disk.unmount();
    REQUIRE(sender.send(3000));
    CHECK(sender.is_counted());
    CHECK(agent.journal_errors("missing") >= 1);
    CHECK(eventually(20s, [&] { return agent.journal_is_durable(); }));
    // What the folder's checkpoint knew is written anew, so that the next life counts on.
    const auto has_checkpoint = [&] {
        return std::filesystem::exists(agent.data() / "checkpoint.a") ||
               std::filesystem::exists(agent.data() / "checkpoint.b");
    };
    CHECK(eventually(10s, has_checkpoint));
    agent.kill_hard();
    agent.start();
    CHECK(sender.is_counted());
}

TEST_CASE("a power cut: what was acknowledged is on the disk, and the agent goes on meanwhile") {
    if (const auto why = SmallDisk::unavailable()) return pass_over(*why);
    Agent agent({"--journal-size", "64MiB"});
    SmallDisk disk(agent.data(), SmallDisk::Kind::ext4, 128 * mebibyte);
    agent.start();
    Sender sender(agent);
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        REQUIRE(sender.send(2500));  // more than a segment
        disk.shut_down();
        if (round == 0) {
            REQUIRE(sender.send(100));  // beside the socket: this would not survive
            CHECK_FALSE(agent.journal_is_durable());
            CHECK(agent.journal_errors("write") + agent.journal_errors("sync") + agent.journal_errors("open") >= 1);
        }
        agent.kill_hard();
        disk.mount_again();
        agent.start();
        CHECK(sender.is_counted());
        CHECK(eventually(20s, [&] { return agent.journal_is_durable(); }));
    }
    CHECK(agent.stop() == 0);
    check_whole(agent);
}

TEST_CASE("a sync that fails, once or for ever: its file is never synced again, and nothing acknowledged is lost") {
    if (const auto why = SystemCalls::unavailable()) return pass_over(*why);
    for (const bool for_ever : {false, true}) {
        CAPTURE(for_ever);
        const TemporaryFolder folder;
        Agent agent;
        agent.wrapper = {"strace", "-D",
                         "-f",     "-qq",
                         "-o",     folder / "calls",
                         "-e",     "trace=fdatasync,close",
                         "-e",     std::string("inject=fdatasync:error=EIO:when=12") + (for_ever ? "+" : "")};
        agent.start();
        Sender sender(agent);
        for (int batch = 0; batch < 20; ++batch) REQUIRE(sender.send(5));
        CHECK(sender.is_counted());
        CHECK(agent.journal_errors("sync") >= 1);
        CHECK(agent.journal_is_durable() != for_ever);
        agent.kill_hard();
        agent.wrapper.clear();
        agent.start();
        CHECK(sender.is_counted());
        CHECK(agent.stop() == 0);
        check_whole(agent);
        CHECK(refused_files(read_whole(folder / "calls")) >= 1);
    }
}

}  // namespace outrigger::peers
