// A line of JSON by both ways in: what the short one can read, the general one reads as the same event, byte for byte,
// or refuses for the same reason.
#include "agent/intake/plain_line.h"

#include <array>
#include <vector>

#include "agent/intake/json_line.h"
#include "shared/limits.h"
#include "shared/record.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

struct Outcome {
    std::vector<std::byte> record;
    Refusal refusal{};
    bool operator==(const Outcome&) const = default;
};

Outcome outcome(const RequestEvent& event) {
    const auto measured = measure(event);
    if (!measured) return {{}, measured.error().reason};
    Outcome outcome;
    outcome.record.resize(measured->length);
    write(event, *measured, outcome.record.data());
    return outcome;
}

}  // namespace

FUZZ_TARGET(plain_line) {
    const std::string_view line(reinterpret_cast<const char*>(input.data()), input.size());
    if (line.size() > limits::line_bytes) return;
    std::array<Tag, limits::tags + 1> tags;
    const auto plain = intake::read_plain_line(line, tags);
    if (!plain) return;
    static intake::JsonLineParser parser;
    const auto& any = parser.parse_any(line);
    expect(any.what == intake::JsonLine::What::request, "the general parser finds a request");
    expect(outcome(*plain) == outcome(any.request), "both find the same event");
}
