// Any label values as StatsD lines, in both dialects: each line has its parts and no others, tags and name components
// come back, and lines stand for as many events as there were.
#include "agent/sinks/statsd/lines.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "shared/utf8.h"
#include "tests/fuzz/kit/any_event.h"
#include "tests/fuzz/kit/target.h"
#include "tests/unit/agent/sinks/statsd/deltas.h"

using namespace outrigger;
using fuzz::expect;

namespace {

constexpr std::size_t longest = 200;  // of a tag's value, in bytes

using Tags = std::vector<std::pair<std::string_view, std::string_view>>;  // sorted

// Borrows from its text.
struct Line {
    std::string_view name, type;
    double value = 0;
    std::uint64_t times = 1;
    Tags tags;
};

double number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    expect(error == std::errc() && end == text.data() + text.size(), "a number is one");
    return value;
}

std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

// name:value|type[|@rate][|#key:value,...], as receivers take it apart.
Line parse(std::string_view text) {
    expect(std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }),
           "a line has no white space");
    expect(utf8::is_clean(text), "a line is UTF-8");
    Line line;
    line.name = take_until(text, ':');
    expect(!line.name.empty(), "a line has a name");
    line.value = number_of(take_until(text, '|'));
    line.type = take_until(text, '|');
    if (text.starts_with('@')) line.times = static_cast<std::uint64_t>(1 / number_of(take_until(text, '|').substr(1)));
    if (text.empty()) return line;
    expect(text.starts_with('#') && text.find('|') == text.npos, "tags are the last part");
    text.remove_prefix(1);
    line.tags.reserve(8);
    while (!text.empty()) {
        auto value = take_until(text, ',');
        const auto key = take_until(value, ':');
        expect(!key.empty() && !value.empty(), "a tag has a key and a value");
        line.tags.emplace_back(key, value);
    }
    std::ranges::sort(line.tags);
    expect(std::ranges::adjacent_find(line.tags, {}, &Tags::value_type::first) == line.tags.end(),
           "no tag comes twice");
    return line;
}

// A value as a tag may have it: what means something to a receiver becomes _, and it is cut between two characters.
std::string as_tag(std::string_view value) {
    std::size_t end = std::min(value.size(), longest);
    while (end < value.size() && end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
    std::string text(value.substr(0, end));
    for (char& c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || std::string_view("|,#@").contains(c)) c = '_';
    return text;
}

std::string as_component(std::string_view value) {
    std::string text(value.substr(0, longest));
    for (char& c : text)
        if (c < 0 || (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-')) c = '_';
    return text.empty() ? "_" : text;
}

struct Said {
    test::App app;
    std::uint16_t status = 200;
    std::string method = "GET", route;
    std::uint64_t duration_us = 0, times = 0;
};

constexpr auto same = [](const auto& tag, const auto& other) {
    return tag.first == other.first && tag.second == other.second;
};

bool has(const Tags& tags, const std::pair<std::string, std::string>& wanted) {
    return std::ranges::any_of(tags, [&](const auto& tag) { return same(tag, wanted); });
}

// What is to come back of it.
struct Wanted {
    explicit Wanted(const Said& said)
        : tags{{"endpoint", as_tag(said.route)},
               {"env", as_tag(said.app.env)},
               {"method", said.method},
               {"service", as_tag(said.app.service)},
               {"status", std::to_string(said.status)},
               {"version", as_tag(said.app.version)}},
          components("." + as_component(said.app.service) + "." + said.method + "." + as_component(said.route) + "." +
                     std::to_string(said.status)) {
        std::erase_if(tags, [](const auto& tag) { return tag.second.empty(); });
    }

    std::vector<std::pair<std::string, std::string>> tags;  // sorted
    std::string components;                                 // of a plain name, behind its first
};

void check_tags(const Line& line, const Wanted& wanted, bool whole) {
    if (whole) return expect(std::ranges::equal(line.tags, wanted.tags, same), "all tags come back");
    for (const auto& tag : line.tags)
        expect(std::ranges::any_of(wanted.tags, [&](const auto& other) { return same(tag, other); }),
               "a tag comes back");
}

void check_requests(const test::MadeDeltas& made, const Said& said, const Wanted& wanted, bool plain,
                    std::size_t limit) {
    statsd::Naming naming;
    naming.plain = plain;
    std::uint64_t counted = 0, timed = 0;
    statsd::render(made.deltas, naming, limit, [&](std::string_view text, const statsd::Piece& piece) {
        expect(text.size() <= limit, "a line is within its limit");
        const Line line = parse(text);
        const bool count = piece.of == statsd::Piece::Of::count;
        const std::string_view name = count ? naming.count : naming.latency;
        if (plain) {
            expect(limit < 8000 || (line.name.starts_with(name) && line.name.substr(name.size()) == wanted.components),
                   "the components of a name come back");
            expect(line.tags.empty(), "a plain line has no tags");
        } else {
            expect(line.name == name, "a line has its name");
            check_tags(line, wanted, limit > 8000);
        }
        expect(line.type == (count ? "c" : plain ? "ms" : "d"), "a line has its type");
        (count ? counted : timed) += count ? static_cast<std::uint64_t>(line.value) : line.times;
        const double seconds = static_cast<double>(said.duration_us) / (plain ? 1e3 : 1e6);
        if (!count && said.duration_us < 1'000'000'000'000)
            expect(std::abs(line.value - seconds) <= 0.012 * seconds, "a time comes back");
    });
    expect(counted == said.times && timed == said.times, "lines stand for as many events as there were");
}

void check_metric(fuzz::Source& source, const test::App& app) {
    const auto kept = fuzz::next_metric(source);
    if (!kept) return;
    const auto view = MetricView::parse(kept->record);
    std::vector<std::pair<std::string, std::string>> labels{{"service", app.service}};
    std::size_t count = 0;
    std::vector<std::pair<std::string, std::string>> wanted;
    for (const Tag tag : view->tags) labels.emplace_back("tag" + std::to_string(count++), tag.value);
    for (const auto& [key, value] : labels)
        if (!value.empty()) wanted.emplace_back(key, as_tag(value));
    test::MadeDeltas made;
    auto& delta = made.custom(view->kind, std::string(view->name), test::rendered(labels));
    if (view->kind == MetricKind::count) fold::add_to(delta.sum, view->value);
    delta.gauge = view->value;
    if (view->kind == MetricKind::histogram && view->value >= 0) delta.values.add(view->value, 1);
    if (view->kind == MetricKind::histogram && view->value < 0) delta.negatives.add(-view->value, 1);
    for (const bool plain : {false, true}) {
        statsd::Naming naming;
        naming.plain = plain;
        statsd::render(made.deltas, naming, 65'000, [&](std::string_view text, const statsd::Piece&) {
            for (std::string_view rest = text; !rest.empty();) {
                const Line line = parse(take_until(rest, '\n'));
                const auto name = view->name.substr(0, longest);
                expect(plain ? line.name.starts_with(name) : line.name == name, "a metric keeps its name");
                if (view->kind != MetricKind::histogram && rest.empty())
                    expect(line.value == view->value, "a metric's value comes back");
                if (plain) continue;
                for (const auto& tag : wanted) expect(has(line.tags, tag), "a metric's tags come back");
            }
        });
    }
}

}  // namespace

FUZZ_TARGET(statsd_lines) {
    fuzz::Source source(input);
    const auto identity = fuzz::next_identity(source);
    const auto kept = fuzz::next_request(source);
    if (!identity || !kept) return;
    const auto view = RequestView::parse(kept->record);
    Said said;
    said.app = {identity->service, identity->env, identity->version};
    said.status = view->status;
    said.method = view->method;
    said.route = view->route;
    said.duration_us = static_cast<std::uint64_t>(view->duration_us);
    said.times = 1 + source.number<std::uint16_t>() % 30'000;

    test::MadeDeltas made;
    auto& delta = made.request(said.app, {said.status, said.method, said.app.service, said.route});
    test::MadeDeltas::observe(delta, said.duration_us, said.times);
    const Wanted wanted(said);
    for (const bool plain : {false, true})
        for (const std::size_t limit : {std::size_t{1432}, std::size_t{8192}})
            check_requests(made, said, wanted, plain, limit);
    check_metric(source, said.app);
}
