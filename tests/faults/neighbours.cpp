#include "tests/faults/neighbours.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <vector>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {

namespace fs = std::filesystem;

void cut_by_a_neighbour(World& world, const fs::path& live) {
    const auto user = peers::unprivileged_user();
    struct stat folder{};
    if (!user || ::stat(live.parent_path().c_str(), &folder) != 0) return;
    fs::permissions(live.parent_path().parent_path(), fs::perms{0755});
    const peers::TemporaryFolder place;
    place.give_to(*user);
    const auto cut = peers::run({.arguments = {"truncate", "-s", "0", live},
                                 .environment = {},
                                 .folder = place.path(),
                                 .name = "truncate",
                                 .user = peers::User{user->uid, folder.st_gid}},
                                5s);
    world.expect(cut.status == 1 && cut.errors.find("Permission denied") != std::string::npos,
                 "B19: a neighbour's cut is not refused: " + cut.errors);
    world.expect(fs::file_size(live) > 0, "B19: a neighbour cuts a ring");
    world.fired("cuts of a live ring by a neighbour");
}

void crowd_the_folder(World& world) {
    const auto user = peers::unprivileged_user();
    if (!user) return;
    const fs::path rings = world.agent.socket() + ".rings";
    std::set<fs::path> before;
    for (const auto& file : fs::directory_iterator(rings)) before.insert(file.path());
    std::vector<fs::path> crowd;
    for (int i = 0; i < 256; ++i) crowd.push_back(rings / ("junk" + std::to_string(i) + ".ring"));
    for (int i = 0; i < 5000; ++i) crowd.push_back(rings / ("x" + std::to_string(i)));
    for (const fs::path& file : crowd) {
        std::ofstream(file).flush();
        if (::chown(file.c_str(), user->uid, user->gid) != 0)
            throw std::runtime_error("only root can be somebody else");
    }
    world.kill_process(0);
    world.fired("files of a neighbour in the folder of rings", crowd.size());
    world.expect(
        peers::eventually(
            10s, [&] { return std::ranges::any_of(before, [](const auto& ring) { return !fs::exists(ring); }); }),
        "B19: the ring of the dead is not found in the crowd");
    world.expect(world.rows_arrive(), "B19: no rows");
    world.expect(world.agent.scrape().sum("outrigger_emitter_dropped_events_total", {{"reason", "no_ring"}}) == 0,
                 "B19: no ring for who comes");
    for (const fs::path& file : crowd) fs::remove(file);
}

void take_an_id(World& world) {
    const auto user = peers::unprivileged_user();
    if (!user) return;
    const fs::path socket = world.agent.socket();
    fs::permissions(socket.parent_path(), fs::perms{0755});
    const auto rings = [&] {
        std::set<std::string> found;
        for (const auto& file : fs::directory_iterator(socket.string() + ".rings"))
            if (file.path().extension() == ".ring") found.insert(file.path().stem());
        return found;
    };
    world.agent.kill_hard();
    const auto before = rings();
    world.kill_process(0);
    world.expect(peers::eventually(5s, [&] { return rings().size() > before.size(); }), "E8: no ring of the successor");
    const pid_t victim = world.id_of(world.processes() - 1);
    world.pause(200, 500);
    ::kill(victim, SIGSTOP);
    world.agent.start();
    const peers::TemporaryFolder folder;
    folder.give_to(*user);
    for (const std::string& id : rings()) {
        if (before.contains(id)) continue;
        std::ofstream(folder / "lines") << R"({"type":"hello","protocol":1,"emitter":")" << id
                                        << "\"}\n{\"path\":\"/taken\",\"status\":200,\"duration_us\":1}\n";
        peers::run({.arguments = {"nc", "-U", "-q", "1", socket},
                    .environment = {},
                    .folder = folder.path(),
                    .name = "nc",
                    .user = user,
                    .input = folder / "lines"},
                   5s);
        world.others_sent(1);
        world.fired("ids taken by a neighbour");
    }
    world.expect(
        peers::eventually(
            10s,
            [&] { return world.postgres.number("select count(*) from request_log where endpoint = '/taken'") > 0; }),
        "E8: the neighbour's line is not stored");
    ::kill(victim, SIGCONT);
    world.expect(world.rows_arrive(), "E8: an emitter whose id was taken is not heard");
    world.kill_process(world.processes() - 1);
}

void ring_of_a_stranger(World& world) {
    const auto user = peers::unprivileged_user();
    if (!user) return;
    const auto turned_away = [&] {
        return world.agent.scrape().sum("outrigger_turned_away_total", {{"reason", "not_allowed"}});
    };
    const double before = turned_away();
    const fs::path rings = world.agent.socket() + ".rings";
    const fs::path left = rings / (std::string(31, 'e') + "2.ring");
    const fs::path made = rings / "made";
    fs::copy_file(fs::directory_iterator(rings)->path(), made);
    if (::chown(made.c_str(), user->uid, user->gid) != 0) throw std::runtime_error("only root can be somebody else");
    fs::rename(made, left);
    world.fired("rings of strangers");
    world.expect(peers::eventually(5s, [&] { return turned_away() == before + 1; }),
                 "E2: a stranger's ring is not counted");
    world.expect(fs::exists(left), "E2: a stranger's ring is drained");
    fs::remove(left);
}

}  // namespace outrigger::faults
