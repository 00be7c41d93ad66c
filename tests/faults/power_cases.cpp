// B: the power goes, the disk loses what it had not written, the journal's last file ends anywhere.
#include <algorithm>
#include <fstream>
#include <thread>

#include "agent/journal/journal.h"
#include "agent/journal/reader.h"
#include "agent/journal/scan.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/flood.h"
#include "tests/faults/strace.h"
#include "tests/fuzz/kit/crash_lives.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/small_disk.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;
using peers::SmallDisk;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

SmallDisk& on_ext4(World& world, const fs::path& image_folder = {}) {
    world.set_flag("--journal-size", "64MiB");
    return world.keep<SmallDisk>(world.agent.data(), SmallDisk::Kind::ext4, 160 * mebibyte, 0, image_folder);
}

void power_cuts(World& world) {
    SmallDisk& disk = on_ext4(world);
    world.power_lost = true;
    world.start();
    for (int i = 0; i < world.times(5, 12); ++i) {
        world.pause(100, 900);
        // Nobody speaks after the power is gone: the kernel lets a sync that is under way succeed although its file
        // system is shut down, and an agent that still ran would tell what no power cut ever lets it tell.
        world.agent.pause();
        std::this_thread::sleep_for(50ms);
        disk.shut_down();
        world.agent.kill_hard();
        disk.mount_again();
        world.agent.start();
        world.fired("power cuts");
    }
}

// With --durability=process what the kernel had not written is gone with it, although it was acknowledged: not to the
// unit known, but nothing is there twice, and all goes on.
void power_cuts_of_a_process(World& world) {
    SmallDisk& disk = on_ext4(world);
    world.set_flag("--durability", "process");
    world.power_lost = world.acknowledged_lost = world.damaged_counts = world.others_drop = true;
    world.start(Shape::single);
    for (int i = 0; i < world.times(3, 6); ++i) {
        world.pause(300, 900);
        world.agent.pause();
        disk.shut_down();
        world.agent.kill_hard();
        disk.mount_again();
        world.agent.start();
        world.expect(world.rows_arrive(20s), "B1b: no rows after the power came back");
        world.fired("power cuts");
    }
}

// With it go the apps and all that lies in memory: rings, socket, the journal beside it.
void power_cuts_of_the_machine(World& world) {
    SmallDisk& disk = on_ext4(world);
    world.power_lost = world.rings_lost = true;
    world.start(Shape::single);
    for (int i = 0; i < world.times(3, 8); ++i) {
        world.pause(300, 900);
        world.agent.pause();
        world.kill_load();
        std::this_thread::sleep_for(50ms);
        disk.shut_down();
        world.agent.kill_hard();
        for (const auto& file : fs::directory_iterator(fs::path(world.agent.socket()).parent_path()))
            fs::remove_all(file.path());
        disk.mount_again();
        world.agent.start();
        world.start_load(Shape::single);
        world.expect(world.rows_arrive(20s), "B2: no rows after the power came back");
        world.fired("power cuts of the machine");
    }
}

// No agent runs in this one: a journal on a disk that is a model, in as many states as there is time for.
void crash_states(World& world) {
    world.start(Shape::l4);
    std::vector<std::uint64_t> chances(128);
    std::uint64_t states = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(world.times(8, 60));
    while (std::chrono::steady_clock::now() < until) {
        std::ranges::generate(chances, std::ref(world.random));
        fuzz::Source chance(std::as_bytes(std::span(chances)));
        try {
            states += fuzz::live_through_crashes(chance);
        } catch (const std::exception& broken) {
            world.expect(false, std::string("P1: B3: ") + broken.what());
            break;
        }
    }
    world.fired("states after a power loss", states);
}

// What the disk took, and what the disk under it has no room for: it says so when it is too late to say it to anyone.
// Who hears of it first is a sync; or the file system's own journal, and then a write finds it read-only.
void late_write_errors(World& world) {
    const peers::TemporaryFolder folder;
    auto& below = world.keep<SmallDisk>(folder / "below", SmallDisk::Kind::tmpfs, 48 * mebibyte);
    SmallDisk& disk = on_ext4(world, folder / "below");
    world.power_lost = true;
    world.start(Shape::l3);
    below.fill();
    const auto failed = [&] { return world.agent.journal_errors("sync") + world.agent.journal_errors("write"); };
    peers::eventually(20s, [&] { return failed() > 0; });
    world.fired("syncs and writes that failed late", static_cast<std::uint64_t>(failed()));
    world.expect(world.rows_arrive(), "B8: no rows beside a disk that fails");
    world.agent.kill_hard();
    below.make_room();
    disk.mount_again();
    world.agent.start();
    world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                 "B8: does not go back to the disk");
}

// A call that could want room finds none: while a segment is made, named, filled, while a checkpoint is written.
void no_room_at_the_worst_moment(World& world) {
    world.set_flag("--journal-size", "64MiB");
    world.start();
    for (const std::string call : {"fallocate", "pwrite64", "pwritev", "rename", "openat", "fdatasync"}) {
        const bool often = call == "pwritev" || call == "fdatasync";
        const std::string when = std::to_string(often ? world.from(1, 5) : 1) + "+" + std::to_string(world.from(3, 9));
        {
            const Strace strace(world.agent.id(), call + ":error=ENOSPC:when=" + when);
            flood(world, 3000);
            peers::eventually(35s, [&] { return strace.injected() > 0; });  // a checkpoint is written each 30 s
            world.fired(call + " that found no room", strace.injected());
        }
        world.expect(peers::eventually(20s, [&] { return world.agent.journal_is_durable(); }),
                     "B5: does not go back to the disk after " + call);
    }
    world.expect(world.rows_arrive(), "B5: no rows");
}

fs::path last_segment(const fs::path& journal) {
    fs::path last;
    for (const auto& file : fs::directory_iterator(journal))
        if (file.path().extension() == ".seg" && file.path().filename() > last.filename()) last = file.path();
    return last;
}

struct Read {
    std::vector<std::vector<std::byte>> payloads;
    std::uint64_t lost = 0;
};

Read read_whole_journal(const fs::path& folder) {
    journal::JournalSettings settings;
    settings.folder = folder;
    settings.durability = journal::Durability::process;
    auto opened = journal::Journal::open(settings, 0);
    if (!opened) throw std::runtime_error(opened.error().what);
    const auto reader = (*opened)->read_from(0, {}, journal::Reads::at_start);
    Read read;
    while (true) {
        const journal::Step& step = reader->next();
        if (step.what == journal::Step::What::end) return read;
        if (step.what == journal::Step::What::lost) read.lost += step.last - step.first + 1;
        if (step.what == journal::Step::What::entry)
            read.payloads.emplace_back(step.entry.payload.begin(), step.entry.payload.end());
    }
}

void cut_or_clear(const fs::path& file, std::uint64_t at, std::uint64_t end, bool clear) {
    if (!clear) return fs::resize_file(file, at);
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(at));
    out << std::string(end - at, '\0');
}

// Of a segment: what its entries' checksums start from, how many they are, where the last one ends.
struct Written {
    std::uint32_t seed = 0;
    std::uint32_t entries = 0;
    std::uint64_t end = 0;
};

Written written(const fs::path& file) {
    journal::Disk disk;
    const auto opened = std::make_shared<const journal::File>(std::move(*disk.open(file)));
    std::vector<std::byte> header(journal::header_bytes);
    if (!journal::read_all(disk, *opened, header, 0)) throw std::runtime_error(file.string() + ": unreadable");
    const auto parsed = journal::parse_header(header);
    if (!parsed) throw std::runtime_error(file.string() + ": no segment");
    journal::SegmentScan scan(disk, opened, parsed->header);
    Written written{.seed = journal::checksum_seed(parsed->header)};
    while (scan.next(fs::file_size(file)) == journal::SegmentScan::What::entry)
        written.entries = scan.head().ordinal + 1;
    written.end = scan.end_offset();
    return written;
}

// As a process leaves it that is killed in the middle: of a batch of some KiB the first blocks are there.
void begin_a_batch(const fs::path& file, const Written& before, int blocks) {
    std::vector<std::byte> batch;
    const std::vector<std::byte> payload(1000, std::byte{'x'});
    for (std::uint32_t i = 0; i < 4; ++i) {
        const std::size_t at = batch.size();
        journal::append_entry(batch, {}, payload);
        journal::stamp(batch.data() + at, before.entries + i, i == 3, before.seed);
    }
    batch.resize((before.end / 512 + static_cast<std::uint64_t>(blocks)) * 512 - before.end);
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(before.end))
        .write(reinterpret_cast<const char*>(batch.data()), static_cast<std::streamsize>(batch.size()));
}

// The last file of a copy ends at each byte of its last 4 KiB, by a cut or in zeros: all that lies before is read, as
// it was. The journal itself gets a tail that nobody wrote to an end, and loses nothing by it.
void torn_tails(World& world) {
    world.start();
    for (int i = 0; i < 4; ++i) {
        world.pause(300, 900);
        world.agent.kill_hard();
        const fs::path file = last_segment(world.agent.data() / "journal");
        if (i % 2 == 0)
            begin_a_batch(file, written(file), world.from(1, 5));
        else
            fs::resize_file(file, written(file).end);
        world.agent.start();
        world.fired("tails that nobody finished");
    }
    world.pause(300, 600);
    world.agent.kill_hard();
    const peers::TemporaryFolder copies;
    const fs::path whole = copies / "whole", cut = copies / "cut";
    fs::create_directory(whole);
    fs::copy_file(last_segment(world.agent.data() / "journal"),
                  whole / last_segment(world.agent.data() / "journal").filename());
    const std::uint64_t end = written(last_segment(whole)).end;
    world.agent.start();
    const Read all = read_whole_journal(fs::path(whole));  // cuts the zeros, seals nothing
    const std::uint64_t from = std::max<std::uint64_t>(4096, end - std::min<std::uint64_t>(end, 4096));
    std::uint64_t least = 0;
    for (std::uint64_t at = from; at < end; at += static_cast<std::uint64_t>(world.times(4, 1))) {
        for (const bool clear : {false, true}) {
            fs::remove_all(cut);
            fs::copy(whole, cut);
            cut_or_clear(last_segment(cut), at, end, clear);
            const Read read = read_whole_journal(cut);
            const bool same = read.payloads.size() <= all.payloads.size() &&
                              std::equal(read.payloads.begin(), read.payloads.end(), all.payloads.begin());
            const std::string where = " at byte " + std::to_string(at) + (clear ? " (zeros)" : " (cut)");
            world.expect(same, "P3: B14: something else is read" + where);
            world.expect(read.payloads.size() + read.lost >= least, "P1: B14: less is read" + where);
            if (!clear) least = read.payloads.size();  // a longer file never holds less
            world.fired(clear ? "tails of zeros" : "tails cut off");
        }
    }
    world.expect(least + 40 >= all.payloads.size(), "P1: B14: what lay before the end is not read");
}

}  // namespace

std::vector<Case> power_cases() {
    const auto mounts = [] { return SmallDisk::unavailable().value_or(""); };
    return {
        {"B1", "the power of the disk is cut", Drops::none, power_cuts, mounts},
        {"B1b", "the power of the disk is cut, with --durability=process", Drops::counted, power_cuts_of_a_process,
         mounts},
        {"B2", "the power of the machine is cut: apps, rings and disk", Drops::none, power_cuts_of_the_machine, mounts},
        {"B3", "each state that a power loss may leave of the journal's files, in a model", Drops::none, crash_states},
        {"B5", "the disk is full at the worst moment", Drops::none, no_room_at_the_worst_moment, Strace::unavailable},
        {"B8", "the disk says too late that it did not write", Drops::none, late_write_errors, mounts},
        {"B14", "the journal's last file ends anywhere", Drops::none, torn_tails},
    };
}

}  // namespace outrigger::faults
