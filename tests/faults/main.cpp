// Plays the cases of the catalogue and says of each whether the promises held. Arguments: ids of cases (none: all),
// `--seed N`, `--soak 1h` (s, m or h: draws cases at random until the time is over), `--list`. The last line is
// `N passed, N failed`.
#define DOCTEST_CONFIG_IMPLEMENT  // the peers say with it what a sanitizer found
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "tests/faults/catalogue.h"

namespace outrigger::faults {
namespace {

using Clock = std::chrono::steady_clock;

int found_by_peers = 0;

void note(const doctest::AssertData& found) {
    if (!found.m_failed) return;
    ++found_by_peers;
    std::printf("       P9: %s\n", found.m_decomp.c_str());
}

struct Wanted {
    std::set<std::string> ids;
    std::uint64_t seed = std::random_device{}();
    std::chrono::seconds soak{0};
    bool list = false;
};

std::chrono::seconds parse_duration(const std::string& text) {
    std::size_t end = 0;
    const long number = std::stol(text, &end);
    const std::string unit = text.substr(end);
    if (unit == "h") return std::chrono::hours(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit.empty() || unit == "s") return std::chrono::seconds(number);
    throw std::invalid_argument("--soak " + text + ": a time such as 90s, 10m or 1h is accepted");
}

std::map<std::string, std::uint64_t> fired_in_all;

Wanted parse(const std::vector<std::string>& words) {
    Wanted wanted;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto value = [&] { return words.at(++i); };
        if (words[i] == "--seed")
            wanted.seed = std::stoull(value());
        else if (words[i] == "--soak")
            wanted.soak = parse_duration(value());
        else if (words[i] == "--list")
            wanted.list = true;
        else
            wanted.ids.insert(words[i]);
    }
    return wanted;
}

// Whether the promises held.
bool play(const Case& one, std::uint64_t seed, Length length) {
    const auto began = Clock::now();
    World::Outcome outcome;
    found_by_peers = 0;
    try {
        World world(seed, length);
        std::string broken;
        try {
            one.play(world);
        } catch (const std::exception& error) {
            broken = error.what();
        }
        outcome = world.prove(one.drops);
        if (!broken.empty()) outcome.problems.push_back("the case itself failed: " + broken);
    } catch (const std::exception& error) {
        outcome.problems.push_back(std::string("no world: ") + error.what());
    }
    for (const auto& [what, times] : outcome.fired) fired_in_all[what] += times;
    if (found_by_peers > 0) outcome.problems.emplace_back("P9: a sanitizer found something");
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    std::printf("%-4s %-6s %5.1f s  %s: %s\n", one.id.c_str(), outcome.problems.empty() ? "holds" : "BROKEN", seconds,
                one.what.c_str(), outcome.summary.c_str());
    for (const auto& problem : outcome.problems) std::printf("       %s\n", problem.c_str());
    if (!outcome.problems.empty())
        std::printf("       again: --seed %llu %s\n", static_cast<unsigned long long>(seed), one.id.c_str());
    std::fflush(stdout);
    return outcome.problems.empty();
}

int run(const Wanted& wanted) {
    std::vector<Case> cases = all_cases();
    for (const std::string& id : wanted.ids)
        if (std::ranges::find(cases, id, &Case::id) == cases.end())
            throw std::invalid_argument("no such case: " + id + "; --list names them all");
    std::erase_if(cases, [&](const Case& one) { return !wanted.ids.empty() && !wanted.ids.contains(one.id); });
    int passed = 0, failed = 0;
    std::vector<Case> able;
    for (auto& one : cases) {
        const std::string why = one.cannot_run ? one.cannot_run() : "";
        if (why.empty()) {
            able.push_back(std::move(one));
            continue;
        }
        std::printf("%-4s CANNOT RUN HERE: %s: %s\n", one.id.c_str(), one.what.c_str(), why.c_str());
        if (std::getenv("CI") != nullptr) ++failed;
    }
    std::printf("seed %llu, %zu cases\n", static_cast<unsigned long long>(wanted.seed), able.size());
    std::mt19937_64 random(wanted.seed);
    const auto until = Clock::now() + wanted.soak;
    const auto length = wanted.soak.count() > 0 && !able.empty() ? Length::soak : Length::once;
    for (std::size_t i = 0; length == Length::soak ? Clock::now() < until : i < able.size(); ++i) {
        const Case& one = length == Length::soak ? able.at(random() % able.size()) : able[i];
        // A single case asked for again gets the seed it was given.
        const std::uint64_t seed = wanted.ids.size() == 1 && length == Length::once ? wanted.seed : random();
        ++(play(one, seed, length) ? passed : failed);
    }
    std::printf("seed %llu; fired in all:\n", static_cast<unsigned long long>(wanted.seed));
    for (const auto& [what, times] : fired_in_all)
        std::printf("%10llu %s\n", static_cast<unsigned long long>(times), what.c_str());
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace outrigger::faults

int main(int argc, char** argv) {
    using namespace outrigger::faults;
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words[0] == "load") return run_load({words.begin() + 1, words.end()});
    doctest::Context asserts;
    asserts.setAsDefaultForAssertsOutOfTestCases();
    asserts.setAssertHandler(note);
    try {
        const Wanted wanted = parse(words);
        if (!wanted.list) return run(wanted);
    } catch (const std::logic_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
    for (const auto& one : all_cases()) std::printf("%-4s %s\n", one.id.c_str(), one.what.c_str());
}
