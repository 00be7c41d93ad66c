// A client's JSON lines: the same batch for the journal, byte for byte, however the socket cuts them; each line is
// accepted or refused with a number, and every answer is a line of JSON.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>

#include "tests/fuzz/kit/intake_bench.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Answers differ in little but their number: most have been read before.
bool is_json(std::string_view answer) {
    static std::unordered_set<std::string, TextHash, std::equal_to<>> known;
    if (known.contains(answer)) return true;
    if (known.size() > 10'000) known.clear();
    return nlohmann::json::accept(answer) && known.emplace(answer).second;
}

std::uint64_t refusals_told(const fuzz::Heard& heard) {
    std::string_view left(reinterpret_cast<const char*>(heard.output.data()), heard.output.size());
    std::uint64_t refusals = 0;
    while (!left.empty()) {
        const std::size_t end = left.find('\n');
        expect(end != left.npos, "an answer is a whole line");
        const auto answer = left.substr(0, end);
        expect(is_json(answer), "an answer is JSON");
        if (answer.starts_with(R"({"type":"refused",)")) ++refusals;
        left.remove_prefix(end + 1);
    }
    return refusals;
}

std::uint64_t refusals_journaled(const fuzz::Heard& heard) {
    std::uint64_t refusals = 0;
    for (const auto& entry : heard.entries) {
        if (entry.envelope.kind != journal::Kind::refused) continue;
        const auto run = fuzz::refused_run(entry);
        for (const std::uint64_t count : run.by_reason) refusals += count;
    }
    return refusals;
}

}  // namespace

FUZZ_TARGET(lines) {
    fuzz::Source source(input);
    const auto cuts = fuzz::read_cuts(source);
    const auto stream = source.rest();
    if (stream.empty() || stream[0] != std::byte{'{'}) return;
    const auto whole = fuzz::hear(stream, {});
    fuzz::expect_same(whole, fuzz::hear(stream, cuts));
    fuzz::expect_balanced(whole);
    const std::uint64_t refused = whole.refused_in_all() + refusals_journaled(whole);
    const std::uint64_t told = refusals_told(whole);
    expect(told == refused || (told < refused && whole.output.size() > 64 * 1024), "each refusal is told");
    std::uint64_t kept = 0;
    for (const auto& entry : whole.entries) {
        const bool counted = entry.envelope.kind == journal::Kind::request ||
                             entry.envelope.kind == journal::Kind::metric ||
                             entry.envelope.kind == journal::Kind::drop_total;
        if (counted) ++kept;
    }
    expect(whole.lines == kept + refused + (whole.greeted ? 1 : 0) + (whole.said_bye ? 1 : 0),
           "each line is accepted, refused, a hello or a bye");
}
