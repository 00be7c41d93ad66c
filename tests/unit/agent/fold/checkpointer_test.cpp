#include "agent/fold/checkpointer.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger;
using fold::Checkpointer;
using fold::CheckpointFiles;

namespace {

struct Rig {
    test::TemporaryFolder folder;
    std::filesystem::path data = folder.path() + "/data";
    std::uint64_t position = 5;
    std::vector<std::uint64_t> told;
    bool told_of_fallback = false;
    std::vector<std::string> lines;
    Checkpointer checkpointer{CheckpointFiles(data, {}),
                              {{"old", "1"}},
                              0,
                              {[] { return std::map<std::string, books::Cursor>{{"rows", {}}}; },
                               [this] {
                                   fold::Snapshot out;
                                   out.position = position;
                                   return out;
                               },
                               [] { return std::uint64_t{0}; },
                               [this](std::uint64_t at, bool in_fallback) {
                                   told.push_back(at);
                                   told_of_fallback = in_fallback;
                               },
                               [this](std::string_view line) { lines.emplace_back(line); }}};

    fold::Checkpoint on_disk() const { return CheckpointFiles(data, {}).load(); }
    void break_folder() const {
        std::filesystem::remove_all(data);
        std::ofstream(data) << "no folder";
    }
};

}  // namespace

TEST_CASE("one is due after 30 s, or after 64 MiB but at most once a second") {
    using std::chrono::milliseconds;
    struct Row {
        std::uint64_t bytes;
        milliseconds since;
        bool due;
    };
    constexpr std::uint64_t enough = std::uint64_t{64} << 20;
    constexpr Row rows[] = {{0, milliseconds(29'999), false},
                            {0, milliseconds(30'000), true},
                            {enough, milliseconds(999), false},
                            {enough, milliseconds(1'000), true},
                            {enough - 1, milliseconds(9'000), false}};
    for (const auto& [bytes, since, due] : rows) CHECK(Checkpointer::is_due(bytes, since) == due);
}

TEST_CASE("the journal is told of a position once its checkpoint is on disk") {
    Rig rig;
    REQUIRE(rig.checkpointer.write());
    CHECK(rig.told == std::vector<std::uint64_t>{5});
    CHECK(rig.checkpointer.position() == 5);
    const auto found = rig.on_disk();
    CHECK(found.fold.position == 5);
    CHECK(found.facts.at("old") == "1");
    CHECK(found.cursors.contains("rows"));
}

TEST_CASE("the journal is told when a checkpoint had to go to the fallback") {
    Rig rig;
    const std::filesystem::path fallback = rig.folder.path() + "/fallback";
    Checkpointer checkpointer(
        CheckpointFiles(rig.data, fallback), {}, 0,
        {[] { return std::map<std::string, books::Cursor>{}; }, [] { return fold::Snapshot{}; },
         [] { return std::uint64_t{0}; }, [&](std::uint64_t, bool in_fallback) { rig.told_of_fallback = in_fallback; },
         [](std::string_view) {}});
    REQUIRE(checkpointer.write());
    CHECK_FALSE(rig.told_of_fallback);
    rig.break_folder();
    REQUIRE(checkpointer.write());
    CHECK(rig.told_of_fallback);
}

TEST_CASE("a fact is kept on disk before keep() returns, and an empty one is removed") {
    Rig rig;
    REQUIRE(rig.checkpointer.keep({{"new", "2"}, {"old", ""}}));
    CHECK(rig.checkpointer.fact("new") == "2");
    CHECK(rig.checkpointer.fact("old").empty());
    const auto found = rig.on_disk();
    CHECK(found.facts.at("new") == "2");
    CHECK_FALSE(found.facts.contains("old"));
}

TEST_CASE("one that cannot be written is counted, said once, and changes nothing") {
    Rig rig;
    rig.break_folder();
    CHECK_FALSE(rig.checkpointer.keep({{"new", "2"}}));
    CHECK_FALSE(rig.checkpointer.write());
    CHECK(rig.checkpointer.errors() == 2);
    CHECK(rig.checkpointer.fact("new").empty());
    CHECK(rig.told.empty());
    CHECK(rig.checkpointer.position() == 0);
    REQUIRE(rig.lines.size() == 1);

    std::filesystem::remove(rig.data);
    CHECK(rig.checkpointer.write());
    CHECK(rig.lines.size() == 2);
    CHECK(rig.told == std::vector<std::uint64_t>{5});
}

TEST_CASE("the last one is written at stop, whether the thread ran or not") {
    Rig rig;
    rig.checkpointer.start();
    rig.position = 9;
    CHECK(rig.checkpointer.stop());
    CHECK(rig.on_disk().fold.position == 9);
}
