// What holds for every event and every damaged record, tried on seeded random ones. Under ASan, each record lies in a
// block of its own size, so that a read behind it is seen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "shared/ip_address.h"
#include "shared/little_endian.h"
#include "shared/methods.h"
#include "shared/record.h"
#include "tests/unit/shared/encoded.h"
#include "tests/unit/shared/random_event.h"

namespace outrigger {
namespace {

using test::encoded;
using test::RandomEvents;

// The characters of a text, each invalid byte and each U+0000 as U+FFFD. By the numbers of the code points, so that it
// shares no rule with utf8.cpp.
std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> result;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text[0]);
        const std::size_t length = first < 0x80       ? 1
                                   : first >> 5 == 6  ? 2
                                   : first >> 4 == 14 ? 3
                                   : first >> 3 == 30 ? 4
                                                      : 0;
        std::uint32_t point = length == 1 ? first : first & (0x7FU >> length);
        bool valid = length > 0 && length <= text.size();
        for (std::size_t i = 1; valid && i < length; ++i) {
            const auto byte = static_cast<unsigned char>(text[i]);
            valid = byte >> 6 == 2;
            point = (point << 6) | (byte & 0x3FU);
        }
        constexpr std::uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
        valid = valid && point >= least[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        result.emplace_back(valid ? text.substr(0, length) : "\uFFFD");
        text.remove_prefix(valid ? length : 1);
    }
    return result;
}

std::string joined(const std::vector<std::string>& parts, std::size_t limit) {
    std::string text;
    for (const std::string& part : parts) {
        if (text.size() + part.size() > limit) break;
        text += part;
    }
    return text;
}

// What the contract promises of a text.
std::string normal(std::string_view text, std::size_t limit) {
    const auto parts = characters(text);
    const std::string whole = joined(parts, ~std::size_t{0});
    return whole.size() <= limit ? whole : joined(parts, limit - 3) + "…";
}

void check_text(std::string_view kept, std::string_view given, std::size_t limit, bool cut) {
    REQUIRE(kept == normal(given, limit));
    if (kept != given) REQUIRE(cut);
}

void check_error(const ErrorInfo& kept, const ErrorInfo& given, bool type_cut, bool message_cut, bool stack_cut) {
    check_text(kept.type, given.type, limits::error_type_bytes, type_cut);
    check_text(kept.message, given.message, limits::error_message_bytes, message_cut);
    check_text(kept.stack, given.stack, limits::error_stack_bytes, stack_cut);
}

void check_tags(const TagList& kept, std::span<const Tag> given, bool cut) {
    REQUIRE(kept.size() == std::min(given.size(), limits::tags));
    if (kept.size() < given.size()) REQUIRE(cut);
    auto expected = given.begin();
    for (const Tag tag : kept) {
        check_text(tag.key, expected->key, limits::tag_key_bytes, cut);
        check_text(tag.value, expected->value, limits::tag_value_bytes, cut);
        ++expected;
    }
}

void check_spans(const SpanList& kept, std::span<const Span> given, bool cut) {
    REQUIRE(kept.size() <= std::min(given.size(), limits::spans));
    if (kept.size() < given.size()) REQUIRE(cut);
    auto expected = given.begin();
    for (const SpanView span : kept) {
        check_text(span.name, expected->name, limits::span_text_bytes, cut);
        check_text(span.resource, expected->resource, limits::span_text_bytes, cut);
        check_text(span.service, expected->service, limits::span_text_bytes, cut);
        check_text(span.kind, expected->kind, limits::span_text_bytes, cut);
        REQUIRE(span.start_us == expected->start_us);
        REQUIRE(span.duration_us == expected->duration_us);
        check_error(span.error, expected->error, cut, cut, cut);
        check_tags(span.tags, expected->tags, cut);
        ++expected;
    }
}

void check_client(const std::uint8_t* kept, std::string_view given, bool cut) {
    IpAddress address;
    const bool known = parse_ip_address(given, address);
    REQUIRE((kept != nullptr) == known);
    if (known) REQUIRE(std::equal(address.begin(), address.end(), kept));
    REQUIRE(cut == (!known && !given.empty()));
}

void check_request(const RequestView& view, const RequestEvent& event) {
    const auto cut = [&](CutField field) { return (view.cut & cut_bit(field)) != 0; };
    REQUIRE(view.status == event.status);
    REQUIRE(view.duration_us == event.duration_us);
    REQUIRE(view.start_us == event.start_us);
    REQUIRE(view.request_bytes == event.request_bytes);
    REQUIRE(view.response_bytes == event.response_bytes);
    REQUIRE(view.trace_id == event.trace_id);
    REQUIRE(view.span_id == event.span_id);
    REQUIRE(view.parent_id == event.parent_id);
    REQUIRE(view.priority == event.priority);
    REQUIRE(view.method == method_name(to_method(event.method)));
    check_text(view.route, event.route.empty() ? "unmatched" : event.route, limits::route_bytes, cut(CutField::route));
    check_text(view.path, event.path, limits::path_bytes, cut(CutField::path));
    check_text(view.message, event.message, limits::message_bytes, cut(CutField::message));
    check_client(view.client, event.client, cut(CutField::client));
    check_error(view.error, event.error, cut(CutField::error_type), cut(CutField::error_message),
                cut(CutField::error_stack));
    check_tags(view.tags, event.tags, cut(CutField::tags));
    check_spans(view.spans, event.spans, cut(CutField::spans));
}

// Reads every byte that a view gives, and holds it against the limits.
bool is_text(std::string_view text, std::size_t limit) { return text.size() <= limit && normal(text, limit) == text; }

bool is_error(const ErrorInfo& error) {
    return is_text(error.type, limits::error_type_bytes) && is_text(error.message, limits::error_message_bytes) &&
           is_text(error.stack, limits::error_stack_bytes);
}

bool are_tags(const TagList& tags) {
    bool good = tags.size() <= limits::tags;
    for (const Tag tag : tags) {
        good = good && is_text(tag.key, limits::tag_key_bytes) && is_text(tag.value, limits::tag_value_bytes);
    }
    return good;
}

bool is_span(const SpanView& span) {
    return is_text(span.name, limits::span_text_bytes) && is_text(span.resource, limits::span_text_bytes) &&
           is_text(span.service, limits::span_text_bytes) && is_text(span.kind, limits::span_text_bytes) &&
           span.duration_us >= 0 && is_error(span.error) && are_tags(span.tags);
}

bool is_within_limits(const RequestView& view) {
    bool good = view.status >= 100 && view.status <= 599 && view.duration_us >= 0 &&
                view.request_bytes.value_or(0) >= 0 && view.response_bytes.value_or(0) >= 0 &&
                std::abs(view.priority.value_or(0)) <= 2 && view.method_index < method_count &&
                view.cut < cut_bit(CutField::count_) && !view.route.empty() &&
                is_text(view.route, limits::route_bytes) && is_text(view.path, limits::path_bytes) &&
                is_text(view.message, limits::message_bytes) && is_error(view.error) && are_tags(view.tags) &&
                view.spans.size() <= limits::spans;
    for (const SpanView span : view.spans) good = good && is_span(span);
    return good;
}

bool is_within_limits(const MetricView& view) {
    return std::isfinite(view.value) && !view.name.empty() && is_text(view.name, limits::metric_name_bytes) &&
           (view.kind != MetricKind::count || view.value >= 0) && are_tags(view.tags);
}

// Whether `record` is refused, or else read as something within every limit.
template <typename View>
bool is_refused_or_good(const std::vector<std::byte>& record) {
    const auto view = View::parse(record);
    return !view || is_within_limits(*view);
}

template <typename View>
void check_damaged(const std::vector<std::byte>& record, RandomEvents& random) {
    const std::size_t step = 1 + record.size() / 64;  // every byte of a short record
    for (std::size_t at = random.below(step); at < record.size(); at += step) {
        std::vector<std::byte> damaged(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(at));
        REQUIRE_FALSE(View::parse(damaged));
        if (at >= 4) store(damaged.data(), static_cast<std::uint32_t>(at));
        REQUIRE_FALSE(View::parse(damaged));
        damaged = record;
        damaged[at] ^= std::byte{1} << random.below(8);
        REQUIRE(is_refused_or_good<View>(damaged));
        for (int more = 0; more < 3; ++more)
            damaged[random.below(record.size())] = static_cast<std::byte>(random.number());
        REQUIRE(is_refused_or_good<View>(damaged));
    }
}

}  // namespace

TEST_SUITE_BEGIN("pure");  // one thread, and much work

TEST_CASE("whatever an app says comes back as normalisation promises, or is named as cut") {
    RandomEvents random(1);
    int plain = 0;
    for (int round = 0; round < 3'000; ++round) {
        const RequestEvent event = random.request();
        const auto record = encoded(event);
        REQUIRE(record.size() <= limits::record_bytes);
        const auto view = RequestView::parse(record);
        REQUIRE(view);
        check_request(*view, event);
        plain += measure(event)->plain ? 1 : 0;
    }
    CHECK(plain > 300);  // both ways of writing are tried
    CHECK(plain < 2'700);
}

TEST_CASE("whatever an app measures comes back as it was") {
    RandomEvents random(2);
    for (int round = 0; round < 3'000; ++round) {
        const MetricEvent event = random.metric();
        const auto record = encoded(event);
        const auto view = MetricView::parse(record);
        REQUIRE(view);
        REQUIRE(view->kind == event.kind);
        REQUIRE(view->name == event.name);
        REQUIRE(view->value == event.value);
        check_tags(view->tags, event.tags, (view->cut & cut_bit(CutField::tags)) != 0);
    }
}

TEST_CASE("a damaged record is refused, or is within every limit") {
    RandomEvents random(3);
    for (int round = 0; round < 200; ++round) {
        check_damaged<RequestView>(encoded(random.request()), random);
        check_damaged<MetricView>(encoded(random.metric()), random);
    }
}

TEST_CASE("bytes that never were a record are refused, or are within every limit") {
    RandomEvents random(4);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> bytes(random.below(200));
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(4) == 0 ? random.number() : 0);
        if (bytes.size() >= 8) {
            store(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
            store(bytes.data() + 4, static_cast<std::uint16_t>(0x0101 + random.below(2)));
            store(bytes.data() + 6, std::uint16_t{200});
        }
        REQUIRE(is_refused_or_good<RequestView>(bytes));
        REQUIRE(is_refused_or_good<MetricView>(bytes));
    }
}

TEST_SUITE_END();

}  // namespace outrigger
