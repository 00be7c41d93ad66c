// B: the disk under the journal, full, slow, hung, refusing, cut off, damaged; and what lies in its folders.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "shared/file_descriptor.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/flood.h"
#include "tests/faults/neighbours.h"
#include "tests/faults/segments.h"
#include "tests/faults/strace.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/small_disk.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;
using peers::SmallDisk;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

SmallDisk& on_a_disk(World& world, SmallDisk::Kind kind, std::uint64_t bytes, std::uint64_t inodes = 0) {
    world.set_flag("--journal-size", "64MiB");
    return world.keep<SmallDisk>(world.agent.data(), kind, bytes, inodes);
}

// Whether the journal has met with it: it goes on beside the socket, or at least does without what it would like.
bool is_felt(const World& world) {
    return !world.agent.journal_is_durable() ||
           world.agent.journal_errors("spare") + world.agent.journal_errors("open") > 0;
}

// Postgres takes what cannot be kept on the disk. More comes than the files at hand have room for.
void full_disk(World& world) {
    SmallDisk& disk = on_a_disk(world, SmallDisk::Kind::ext4, 96 * mebibyte);
    world.start(Shape::l3);
    disk.fill();
    for (int i = 0; i < 8 && !is_felt(world); ++i) flood(world, 3000);
    world.fired("full disks", is_felt(world) ? 1 : 0);
    world.kill_agent();
    world.agent.start();
    std::this_thread::sleep_for(1s);
    disk.make_room();
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B4: does not go back to the disk");
}

void no_inodes(World& world) {
    SmallDisk& disk = on_a_disk(world, SmallDisk::Kind::tmpfs, 96 * mebibyte, 40);
    world.start(Shape::l3);
    disk.fill_inodes();
    world.kill_agent();
    world.agent.start();
    for (int i = 0; i < 8 && !is_felt(world); ++i) flood(world, 3000);
    world.fired("disks without inodes", is_felt(world) ? 1 : 0);
    disk.make_room();
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B6: does not go back to the disk");
}

void refused_syncs(World& world) {
    world.start();
    for (const std::string when : {"3", "2+5", "1+"}) {
        const Strace strace(world.agent.id(), "fdatasync:error=EIO:when=" + when);
        std::this_thread::sleep_for(1500ms);
        world.fired("syncs refused", strace.injected());
    }
    world.expect(world.agent.journal_errors("sync") > 0, "B7: not counted");
    world.agent.kill_hard();
    world.agent.start();
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B7: does not go back to the disk");
}

void refused_writes(World& world) {
    world.start();
    for (const std::string error : {"EINTR:when=1+2", "EIO:when=2+3", "ENOSPC:when=1+4"}) {
        const Strace strace(world.agent.id(), "pwritev:error=" + error);
        std::this_thread::sleep_for(1500ms);
        world.fired("writes refused", strace.injected());
    }
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B9: does not go back to the disk");
}

void slow_disk(World& world) {
    world.start(Shape::l3);
    const Strace strace(world.agent.id(), "fdatasync:delay_enter=500000");
    std::this_thread::sleep_for(5s);
    world.fired("syncs of half a second", strace.seen());
    world.expect(peers::get(world.agent.port(), "/metrics").status == 200, "B10: no scrape");
}

void hung_disk(World& world) {
    world.start();
    const Strace strace(world.agent.id(), "fdatasync:delay_enter=12000000:when=2");
    world.expect(peers::eventually(11s, [&] { return world.agent.ready() == 503; }),
                 "B11: ready beside a disk that hangs");
    world.fired("syncs that hang", world.agent.ready() == 503 ? 1 : 0);
    std::this_thread::sleep_for(3s);
}

void read_only_disk(World& world) {
    SmallDisk& disk = on_a_disk(world, SmallDisk::Kind::ext4, 160 * mebibyte);
    world.start();
    world.agent.kill_hard();  // the kernel does not let go of a disk with files open to write
    disk.read_only(true);
    world.agent.start();
    world.expect(!world.agent.journal_is_durable(), "B12: durable on a read-only disk");
    world.fired("lives on a read-only disk", world.agent.journal_is_durable() ? 0 : 1);
    std::this_thread::sleep_for(1500ms);
    disk.read_only(false);
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B12: does not go back to the disk");
}

// What of it is not in Postgres yet is lost where it is hit, and counted to the unit.
void flipped_bits(World& world) {
    world.start(Shape::l3);
    world.postgres.stop();
    std::this_thread::sleep_for(4s);
    world.kill_agent();
    world.fired("bits turned", turn_bits(world));
    const auto began = std::chrono::steady_clock::now();
    world.agent.start();
    world.expect(std::chrono::steady_clock::now() - began < 3s, "B13: the start takes longer than 3 s");
    world.expect(world.agent.journal_errors("damaged") > 0, "B13: no damage is counted");
    world.damaged_counts = true;
    world.postgres.start();
    const auto hit = [&] { return world.postgres.number("select coalesce(sum(events), 0) from outrigger_drops"); };
    peers::eventually(20s, [&] { return hit() > 0; });
    world.fired("events that were hit", static_cast<std::uint64_t>(hit()));
}

void foreign_files(World& world) {
    world.start();
    world.pause(500, 1500);
    world.agent.kill_hard();
    const fs::path journal = world.agent.data() / "journal";
    const auto segments = segments_of(world);
    std::ofstream(journal / "notes.txt") << "not ours";
    std::ofstream(journal / "00000000000000ff.seg") << std::string(5000, 'x');
    std::ofstream(journal / "0000000000000fff.seg");
    fs::copy_file(segments.back(), journal / "00000000000000fe.seg");
    fs::create_symlink("/etc/passwd", journal / "00000000000000fd.seg");
    fs::create_directory(journal / "00000000000000fc.seg");
    fs::create_symlink(segments.back(), journal / "link.seg");
    std::ofstream(world.agent.data() / "checkpoint.a.new") << "unfinished";
    world.agent.start();
    world.fired("files that are not ours", 8);
    world.fired("of them, told", static_cast<std::uint64_t>(world.agent.journal_errors("foreign")));
    world.expect(world.rows_arrive(), "B15: no rows");
    world.agent.kill_hard();
    world.agent.start();
}

// Where the sinks stand is lost, is of some time ago, is damaged.
void lost_cursors(World& world) {
    world.start();
    const fs::path data = world.agent.data(), old = data.string() + ".old";
    const auto each_note = [&](const fs::path& from, const auto& use) {
        for (const auto& file : fs::directory_iterator(from)) {
            const std::string name = file.path().filename();
            if (name.starts_with("cursor.") || name.starts_with("checkpoint.")) use(file.path());
        }
    };
    fs::create_directory(old);
    each_note(data, [&](const fs::path& file) { fs::copy_file(file, old / file.filename()); });
    for (int i = 0; i < 3; ++i) {
        world.pause(700, 1500);
        world.agent.kill_hard();
        if (i == 0) each_note(data, [](const fs::path& file) { fs::remove(file); });
        if (i == 1)
            each_note(old, [&](const fs::path& file) {
                fs::copy_file(file, data / file.filename(), fs::copy_options::overwrite_existing);
            });
        if (i == 2)
            each_note(data,
                      [](const fs::path& file) { std::fstream(file, std::ios::in | std::ios::out).seekp(9).put('!'); });
        world.fired("notes lost, old or damaged");
        world.agent.start();
    }
    world.damaged_counts = true;  // a counter may be told anew from what the journal still holds
}

void more_than_the_journal(World& world, const std::string& first_size, const std::string& then_size) {
    world.no_traces();
    world.set_flag("--journal-size", first_size);
    world.start();
    world.postgres.stop();
    world.expect(flood(world, 50'000), "B17: not read to its end");
    if (then_size != first_size) {
        world.agent.kill_hard();
        world.set_flag("--journal-size", then_size);
        world.agent.start();
        world.pause(1500, 2500);
        world.kill_agent();  // what it has thrown away meanwhile a checkpoint must cover
        world.agent.start();
    }
    world.postgres.start();
    const auto dropped = [&] {
        return world.agent.scrape().sum("outrigger_sink_dropped_events_total",
                                        {{"reason", "journal_full"}, {"sink", "rows"}});
    };
    peers::eventually(20s, [&] { return dropped() > 0; });
    world.fired("events that the journal had no room for", static_cast<std::uint64_t>(dropped()));
    // Two segments of 8 MiB more while the checkpoint that lets the oldest go is on its way.
    const auto mebibytes = [&] {
        return world.agent.scrape().sum("outrigger_journal_bytes") / static_cast<double>(mebibyte);
    };
    world.expect(mebibytes() <= 80, "B17: the journal is larger than it may be");
    world.expect(peers::eventually(5s, [&] { return mebibytes() <= 72; }),
                 "B17: the journal stays larger than it may be");
}

void hostile_rings(World& world) {
    world.start(Shape::l2);
    const fs::path rings = world.agent.socket() + ".rings";
    const auto name = [&](int i) { return rings / (std::string(30, 'a') + "0" + std::to_string(i) + ".ring"); };
    std::ofstream(name(0));
    std::ofstream(name(1)) << std::string(100, 'x');
    std::ofstream(name(2)) << std::string(300'000, '\xff');
    fs::create_symlink("/etc/passwd", name(3));
    fs::create_directory(name(4));
    if (::mkfifo(name(5).c_str(), 0600) != 0) throw std::runtime_error("no fifo");
    fs::path live;
    for (const auto& file : fs::directory_iterator(rings))
        if (file.is_regular_file() && file.file_size() > mebibyte) live = file.path();
    cut_by_a_neighbour(world, live);
    fs::copy_file(live, name(6));  // as if its process were dead, with an id that is in use
    fs::copy_file(live, name(7));
    fs::resize_file(name(7), 5000);
    world.fired("rings that are none", 8);
    std::this_thread::sleep_for(2s);
    world.expect(world.rows_arrive(), "B19: no rows");
    world.expect(world.agent.scrape().sum("outrigger_orphan_rings_total", {{"result", "corrupt"}}) > 0,
                 "B19: not counted");
    for (int i = 0; i < 8; ++i) fs::remove_all(name(i));
    crowd_the_folder(world);
}

}  // namespace

std::vector<Case> disk_cases() {
    const auto mounts = [] { return SmallDisk::unavailable().value_or(""); };
    const auto full = [](World& world) { more_than_the_journal(world, "64MiB", "64MiB"); };
    const auto lowered = [](World& world) { more_than_the_journal(world, "256MiB", "64MiB"); };
    return {
        {"B4", "the disk is full", Drops::none, full_disk, mounts},
        {"B6", "the disk has no inodes left", Drops::none, no_inodes, mounts},
        {"B7", "syncs fail, once, often, always", Drops::none, refused_syncs, Strace::unavailable},
        {"B9", "writes are interrupted and refused", Drops::none, refused_writes, Strace::unavailable},
        {"B10", "each sync takes half a second", Drops::counted, slow_disk, Strace::unavailable},
        {"B11", "a sync hangs for twelve seconds", Drops::counted, hung_disk, Strace::unavailable},
        {"B12", "the disk is remounted read-only", Drops::none, read_only_disk, mounts},
        {"B13", "bits turn in the journal, some of it unread", Drops::counted, flipped_bits},
        {"B15", "files that are not ours lie in the journal", Drops::none, foreign_files},
        {"B16", "where the sinks stand is lost, old, damaged", Drops::none, lost_cursors},
        {"B17", "Postgres is away for longer than the journal lasts", Drops::counted, full},
        {"B18", "the journal's size is lowered over a backlog", Drops::counted, lowered},
        {"B19", "rings that are none", Drops::none, hostile_rings},
    };
}

}  // namespace outrigger::faults
