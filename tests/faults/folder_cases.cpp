// B: the journal's folder and its files in the hands of others: gone, moved, put back, older than what was written of
// them.
#include <algorithm>
#include <fstream>
#include <thread>

#include "tests/faults/catalogue.h"
#include "tests/faults/flood.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;

// Nobody records any more, and all that was recorded is stored.
void drain(World& world) {
    world.end_load();
    const auto left = [&] { return world.agent.scrape().sum("outrigger_sink_pending_events"); };
    world.expect(peers::eventually(30s, [&] { return world.rings() == 0 && left() == 0; }), "does not settle");
}

// The load's next processes: none before has anything left to send.
void go_on(World& world) {
    world.agent.start();
    world.start_load(Shape::l1);
    world.expect(world.rows_arrive(), "no rows");
}

// While none of it is stored: one in the middle is gone, another has a name that is not its own.
void segments_gone(World& world) {
    world.set_flag("--journal-size", "64MiB");
    world.start();
    world.postgres.stop();
    flood(world, 12'000);
    world.kill_agent();
    std::vector<fs::path> segments;
    for (const auto& file : fs::directory_iterator(world.agent.data() / "journal"))
        if (file.path().extension() == ".seg") segments.push_back(file.path());
    std::ranges::sort(segments);
    if (segments.size() < 4) throw std::runtime_error("too few segments");
    fs::remove(segments[1]);
    fs::rename(segments[2], segments[2].parent_path() / "0000000000ffffff.seg");
    world.fired("segments deleted");
    world.fired("segments renamed");
    world.damaged_counts = true;
    world.agent.start();
    world.postgres.start();
    const auto lost = [&] { return world.postgres.number("select coalesce(sum(events), 0) from outrigger_drops"); };
    peers::eventually(20s, [&] { return lost() > 0; });
    world.fired("events that lay in them", static_cast<std::uint64_t>(lost()));
}

// The agent is killed while more comes than its journal may hold: what it has thrown away a checkpoint covers.
void killed_as_it_goes_round(World& world) {
    world.no_traces();
    world.set_flag("--journal-size", "64MiB");
    world.start();
    world.postgres.stop();
    world.others_sent_some();
    const std::string line =
        R"({"status":200,"duration_us":1,"path":"/flood","message":")" + std::string(3000, 'm') + "\"}\n";
    for (int i = 0; i < 6; ++i) {
        const std::jthread pouring([&line, socket = world.agent.socket()] {
            peers::LineClient client(socket);
            while (client.send(line)) {
            }
        });
        world.pause(900, 2500);
        world.kill_agent();
        world.agent.start();
        world.fired("kills while more comes than may be held");
    }
    world.postgres.start();
    const auto lost = [&] { return world.postgres.number("select coalesce(sum(events), 0) from outrigger_drops"); };
    peers::eventually(20s, [&] { return lost() > 0; });
    world.fired("events that the journal had no room for", static_cast<std::uint64_t>(lost()));
}

// The journal is set back, as from a copy; what was written of it, and Postgres, know of more.
void notes_of_the_future(World& world) {
    world.damaged_counts = true;  // what only the journal knew is told no more
    world.start();
    world.pause(300, 1500);
    world.kill_agent();
    const fs::path journal = world.agent.data() / "journal", old = world.agent.data() / "old";
    fs::copy(journal, old, fs::copy_options::recursive);
    world.agent.start();
    world.pause(500, 1500);
    drain(world);
    world.kill_agent();
    fs::remove_all(journal);
    fs::rename(old, journal);
    go_on(world);
    world.fired("journals older than the notes of them");
}

void folder_vanishes(World& world) {
    world.set_flag("--journal-size", "64MiB");
    world.start();
    const fs::path away = world.agent.data().string() + ".away";
    fs::rename(world.agent.data(), away);
    const bool felt = peers::eventually(20s, [&] { return world.agent.journal_errors("missing") > 0; });
    world.fired("folders that vanished under the agent", felt ? 1 : 0);
    world.expect(world.rows_arrive(), "B20: no rows without the folder");
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B20: does not make the folder anew");
    flood(world, 4000);  // of more than one file
    const auto has_checkpoint = [&] {
        return fs::exists(world.agent.data() / "checkpoint.a") || fs::exists(world.agent.data() / "checkpoint.b");
    };
    world.expect(peers::eventually(10s, has_checkpoint), "B20: no checkpoint in the new folder");
    world.kill_agent();
    world.agent.start();
    fs::remove_all(away);
}

void folder_lost(World& world) {
    world.damaged_counts = true;  // they were in the folder
    world.start();
    for (int i = 0; i < 2; ++i) {
        world.pause(300, 1500);
        drain(world);
        world.kill_agent();
        fs::remove_all(world.agent.data());
        world.fired("folders lost between two lives");
        go_on(world);
    }
}

// Something else is where the folder should be, for one life.
void folder_not_found(World& world) {
    world.damaged_counts = true;  // that life has counters of its own
    world.start();
    world.pause(300, 1500);
    drain(world);
    const double before = world.agent.scrape().sum("http_requests_total");
    world.kill_agent();
    const fs::path data = world.agent.data(), away = data.string() + ".away";
    fs::rename(data, away);
    std::ofstream(data) << "no folder";
    go_on(world);
    world.expect(world.agent.scrape().sum("outrigger_journal_durable") == 0, "B22: durable without its folder");
    drain(world);
    const double apart = world.agent.scrape().sum("http_requests_total");
    world.kill_agent();
    fs::remove(data);
    fs::rename(away, data);
    world.agent.start();
    const auto scrape = world.agent.scrape();
    world.expect(scrape.sum("http_requests_total") == before, "B22: counters do not go on where they were");
    world.fired("requests of a life without its folder",
                static_cast<std::uint64_t>(scrape.sum("outrigger_journal_foreign_requests_total")));
    world.expect(scrape.sum("outrigger_journal_foreign_requests_total") == apart, "B22: they are not counted");
    world.start_load(Shape::l1);
    world.expect(world.rows_arrive(), "B22: no rows with the folder back");
}

}  // namespace

std::vector<Case> folder_cases() {
    return {
        {"B15b", "a segment is deleted, another renamed, unread as they are", Drops::counted, segments_gone},
        {"B16b", "the journal is set back behind what was noted of it", Drops::none, notes_of_the_future},
        {"B17b", "the agent is killed while its journal goes round", Drops::counted, killed_as_it_goes_round},
        {"B20", "the data folder vanishes under the agent", Drops::counted, folder_vanishes},
        {"B21", "the data folder is lost between two lives, with all stored", Drops::none, folder_lost},
        {"B22", "a start does not find its data folder, the next one does", Drops::none, folder_not_found},
    };
}

}  // namespace outrigger::faults
