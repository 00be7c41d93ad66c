// Bytes changed, zeroed, cut, added and moved anywhere, by chance: a start goes on, what it hands out is in order and
// adds up to its own counts, and an inspection says so beforehand.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "agent/journal/inspection.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

using Bytewise = std::vector<std::byte>;

class Mangler {
  public:
    explicit Mangler(unsigned seed) : random_(seed) {}

    void mangle(Bytewise& bytes) {
        for (std::size_t times = 1 + below(3); times > 0 && !bytes.empty(); --times) {
            const std::size_t at = below(2) == 0 ? below(bytes.size()) : bytes.size() - 1 - below(bytes.size() / 4 + 1);
            const std::size_t length = std::min(bytes.size() - at, 1 + below(700));
            const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
            const auto end = begin + static_cast<std::ptrdiff_t>(length);
            switch (below(6)) {
                case 0:
                    bytes[at] ^= static_cast<std::byte>(1U << below(8));
                    break;
                case 1:
                    std::fill(begin, end, std::byte{0});
                    break;
                case 2:
                    std::generate(begin, end, [this] { return static_cast<std::byte>(random_()); });
                    break;
                case 3:
                    bytes.resize(at);
                    break;
                case 4:
                    bytes.resize(bytes.size() + length, static_cast<std::byte>(below(2)));
                    break;
                default:
                    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() - length + 1)), length,
                                begin);
            }
        }
    }
    std::size_t below(std::size_t limit) { return random_() % limit; }

  private:
    std::mt19937 random_;
};

}  // namespace

TEST_CASE("a journal mangled anywhere is read in order, adds up, and is not called whole when something is lost" *
          doctest::test_suite("pure")) {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.durability = Durability::process;
    for (std::uint64_t segment = 0; segment < 3; ++segment) {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(segment * 20 + 1, segment * 20 + 12, 40));
        REQUIRE(writer.keep_requests(segment * 20 + 13, segment * 20 + 20, 90));
        if (segment < 2) writer.close();
    }
    const auto files = segment_files(settings.folder);
    REQUIRE(files.size() == 3);
    const std::vector<Bytewise> images = {contents(files[0]), contents(files[1]), contents(files[2])};
    std::uint64_t losses = 0;
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        CAPTURE(seed);
        std::filesystem::remove_all(settings.folder);
        std::filesystem::create_directories(settings.folder);
        Mangler mangler(seed);
        for (std::size_t index = 0; index < files.size(); ++index) {
            auto bytes = images[index];
            if (mangler.below(3) == 0) mangler.mangle(bytes);
            write_contents(files[index], bytes);
        }
        Disk disk;
        const bool whole = inspect(disk, settings.folder, {}, true).is_whole();
        {
            const auto journal = opened(settings);
            const auto out = read_out(*journal);
            REQUIRE(out.retries == 0);
            REQUIRE(out.counts == journal->mark().counts);
            REQUIRE(std::ranges::adjacent_find(out.numbers, std::greater_equal<>()) == out.numbers.end());
            REQUIRE(std::ranges::adjacent_find(out.positions, std::greater_equal<>()) == out.positions.end());
            REQUIRE(out.positions.size() + out.lost_positions() == journal->mark().position);
            if (whole) REQUIRE(out.lost.empty());
            losses += out.lost.size();
            DirectWriter writer(*journal);
            REQUIRE(writer.keep_requests(101, 103));
        }
        const auto again = read_out(*opened(settings));
        REQUIRE(again.numbers.size() >= 3);
        REQUIRE(again.numbers.back() == 103);
    }
    CHECK(losses > 500);
}

}  // namespace outrigger::journal
