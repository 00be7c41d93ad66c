// A line of JSON by both ways in: what the short one can read, the general one reads as the same event, byte for byte,
// or refuses for the same reason.
#include "agent/intake/plain_line.h"

#include <array>
#include <string>
#include <vector>

#include "agent/intake/json_line.h"
#include "shared/limits.h"
#include "shared/record.h"
#include "tests/fuzz/kit/source.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;
using fuzz::Source;

namespace {

struct Outcome {
    std::vector<std::byte> record;
    Refusal refusal{};
    std::string field, accepted;
    bool operator==(const Outcome&) const = default;
};

Outcome outcome(const RequestEvent& event) {
    const auto measured = measure(event);
    if (!measured) {
        const Refused& refused = measured.error();
        return {{}, refused.reason, std::string(refused.field), std::string(refused.accepted)};
    }
    Outcome outcome;
    outcome.record.resize(measured->length);
    write(event, *measured, outcome.record.data());
    return outcome;
}

// A line of known keys and what may follow them, mostly what should: bytes alone seldom come to an id or to an error.
class Composer {
  public:
    explicit Composer(Source& source) : source_(source) {}

    std::string line() {
        std::string line = object(source_.below(8), [this] {
            const Key& key = any_of(keys);
            return std::string(key.name) + "\":" + space() + value(source_.below(16) == 0 ? any_of(kinds) : key.kind);
        });
        if (source_.below(4) != 0)
            line.replace(0, 1, R"({"duration_us":5,"status":200)" + std::string(line == "{}" ? "" : ","));
        if (source_.below(16) == 0) line += source_.text();
        return line;
    }

  private:
    enum class Kind : std::uint8_t { text, type, integer, small, hex, error, tags, other };
    struct Key {
        std::string_view name;
        Kind kind;
    };
    static constexpr std::array kinds{Kind::text, Kind::type,  Kind::integer, Kind::small,
                                      Kind::hex,  Kind::error, Kind::tags,    Kind::other};
    static constexpr std::array<Key, 22> keys{{
        {"path", Kind::text},
        {"route", Kind::text},
        {"method", Kind::text},
        {"client", Kind::text},
        {"message", Kind::text},
        {"type", Kind::type},
        {"status", Kind::small},
        {"duration_us", Kind::integer},
        {"start_us", Kind::integer},
        {"priority", Kind::small},
        {"request_bytes", Kind::integer},
        {"response_bytes", Kind::integer},
        {"trace_id", Kind::hex},
        {"span_id", Kind::hex},
        {"parent_id", Kind::hex},
        {"error", Kind::error},
        {"error", Kind::error},
        {"tags", Kind::tags},
        {"tags", Kind::tags},
        {"spans", Kind::other},
        {"", Kind::other},
        {"more", Kind::other},
    }};
    static constexpr std::array<std::string_view, 4> error_keys{"type", "message", "stack", "code"};
    static constexpr std::array<std::string_view, 12> others{
        "null", "true", "1.5", "-0", "1e3", "01", "[]", "[1]", "{}", "9223372036854775807", "\"\\u0041\"", ""};

    template <class All>
    const typename All::value_type& any_of(const All& all) {
        return all[source_.below(all.size())];
    }
    std::string space() { return std::string(source_.below(8) == 0 ? source_.below(3) : 0, ' '); }
    std::string text() { return '"' + std::string(source_.text()) + '"'; }

    // Members as `member` says them, without the quote in front.
    template <class Member>
    std::string object(std::size_t members, const Member& member) {
        std::string object = "{";
        for (std::size_t i = 0; i < members && !source_.empty(); ++i)
            object.append(i == 0 ? "" : ",").append(space()).append("\"").append(member());
        return object + "}";
    }
    std::string hex() {
        std::string id;
        const std::size_t digits = (source_.flag() ? 32 : 16) + (source_.below(16) == 0 ? 1 : 0);
        const auto digit = source_.number<std::uint64_t>();
        for (std::size_t i = 0; i < digits; ++i) id += "0123456789abcdefABCDEFg"[(digit >> (i % 16 * 4)) % 22];
        return '"' + id + '"';
    }
    std::string value(Kind kind) {
        switch (kind) {
            case Kind::text:
                return text();
            case Kind::type:
                return source_.below(8) == 0 ? text() : R"("request")";
            case Kind::integer:
                return std::to_string(source_.flag() ? source_.number<std::int64_t>() : source_.number<std::int32_t>());
            case Kind::small:
                return std::to_string(source_.flag() ? static_cast<int>(source_.number<std::int16_t>()) % 700
                                                     : static_cast<int>(source_.below(6)) - 2);
            case Kind::hex:
                return hex();
            case Kind::error:
                return object(source_.below(5), [this] { return std::string(any_of(error_keys)) + "\":" + text(); });
            case Kind::tags:
                return object(source_.below(limits::tags + 8), [this] {
                    return std::string(source_.text()) + "\":" + space() + (source_.below(32) == 0 ? "7" : text());
                });
            case Kind::other:
                return source_.flag() ? text() : std::string(any_of(others));
        }
        return {};
    }

    Source& source_;
};

void compare(std::string_view line) {
    if (line.size() > limits::line_bytes) return;
    std::array<Tag, limits::tags + 1> tags;
    const auto plain = intake::read_plain_line(line, tags);
    if (!plain) return;
    static intake::JsonLineParser parser;
    const auto& any = parser.parse_any(line);
    expect(any.what == intake::JsonLine::What::request, "the general parser finds a request");
    expect(outcome(*plain) == outcome(any.request), "both find the same event");
}

}  // namespace

// The input is the line, or, behind a byte that no plain line begins with, what composes one.
FUZZ_TARGET(plain_line) {
    Source source(input);
    if (input.empty() || input[0] != std::byte{0}) return compare(source.rest_text());
    source.take(1);
    compare(Composer(source).line());
}
