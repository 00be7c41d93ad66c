// A disk that does not give what it holds costs the rows that it never gives, and no others.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "agent/journal/disk.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

class SilentDisk : public journal::Disk {
  public:
    std::atomic<int> refused_opens = 0;         // with this error; 0: none is
    std::atomic<std::uint64_t> bad_sector = 0;  // reads that touch this byte of a file fail; 0: none

    std::expected<journal::File, int> open(const std::filesystem::path& path) override {
        if (const int error = refused_opens; error != 0) return std::unexpected(error);
        return Disk::open(path);
    }
    std::expected<std::size_t, int> read(const journal::File& file, std::span<std::byte> into,
                                         std::uint64_t offset) override {
        const std::uint64_t bad = bad_sector;
        if (bad != 0 && offset <= bad && bad < offset + into.size()) return std::unexpected(EIO);
        return Disk::read(file, into, offset);
    }
};

}  // namespace

TEST_CASE("rows: a bad sector costs what lay in it, and nobody has to wait for it") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const auto disk = std::make_shared<SilentDisk>();
    disk->bad_sector = 50'000;
    AgentLife life(folder.path(), {}, settings_for(cluster), std::uint64_t{1} << 30, disk);
    life.offer(2'000);
    REQUIRE(all_stored(cluster, 2'000, 20s));
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.drops > 0);
    CHECK(found.drops < 200);
    CHECK(found.balanced());
    CHECK(life.difference() == 0);
    CHECK(life.times_said("down") == 0);
}

TEST_CASE("rows: a segment that cannot be opened for a while is said, and costs no row") {
    const peers::PostgresCluster cluster;
    long stored = 0;
    for (const int error : {EIO, EMFILE}) {
        CAPTURE(error);
        const peers::TemporaryFolder folder;
        const auto disk = std::make_shared<SilentDisk>();
        disk->refused_opens = error;
        AgentLife life(folder.path(), {}, settings_for(cluster), std::uint64_t{1} << 30, disk);
        life.offer(100);
        CHECK(down(life));
        CHECK(life.health().last_error == "the journal cannot be read");
        disk->refused_opens = 0;
        CHECK(all_stored(cluster, stored += 100, 20s));
        CHECK(drained(life));
        CHECK(life.difference() == 0);
        CHECK(life.times_said("up again") == 1);
    }
    CHECK(stores(cluster).rows == stored);
    CHECK(stores(cluster).balanced());
}
