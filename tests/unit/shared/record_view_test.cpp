#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "shared/little_endian.h"
#include "shared/methods.h"
#include "shared/record.h"
#include "shared/record_layout.h"
#include "tests/unit/shared/encoded.h"

namespace outrigger {
namespace {

using Record = std::vector<std::byte>;

// Every field present; where its optional fields lie is noted below.
Record full_request() {
    static constexpr Tag tags[] = {{"plan", "pro"}, {"region", "eu"}};
    static constexpr Tag span_tags[] = {{"rows", "7"}};
    Span span;
    span.name = "SELECT";
    span.duration_us = 5;
    span.tags = span_tags;
    RequestEvent event;
    event.method = "PUT";
    event.route = "/a/:b";
    event.path = "/a/1";
    event.message = "ok";
    event.status = 201;
    event.duration_us = 9;
    event.start_us = 10;
    event.request_bytes = 11;
    event.response_bytes = 12;
    event.client = "::1";
    event.trace_id[0] = 1;
    event.span_id = 2;
    event.parent_id = 3;
    event.priority = std::int8_t{1};
    event.error = {"E", "what", "where"};
    event.tags = tags;
    event.spans = {&span, 1};
    return test::encoded(event);
}

constexpr std::size_t request_bytes_at = 32 + 8 + 16 + 8 + 8;
constexpr std::size_t error_lengths_at = request_bytes_at + 8 + 8 + 16;
constexpr std::size_t tag_count_at = error_lengths_at + 6;
constexpr std::size_t text_at = tag_count_at + 2;
constexpr std::size_t tags_at = text_at + 5 + 4 + 2 + 1 + 4 + 5;
constexpr std::size_t span_at = tags_at + 4 + 4 + 3 + 4 + 6 + 2;

template <std::integral T>
Record changed(Record record, std::size_t at, T value) {
    store(record.data() + at, value);
    return record;
}

std::string refusal_of(Bytes record) {
    const auto view = RequestView::parse(record);
    if (view) return "accepted";
    return std::string(to_string(view.error().reason)) + " " + std::string(view.error().field);
}

Record full_metric() {
    static constexpr Tag tags[] = {{"plan", "pro"}};
    return test::encoded(MetricEvent{MetricKind::count, "orders", 2.5, tags});
}

std::string metric_refusal_of(Bytes record) {
    const auto view = MetricView::parse(record);
    if (view) return "accepted";
    return std::string(to_string(view.error().reason)) + " " + std::string(view.error().field);
}

}  // namespace

TEST_CASE("a request is refused for each field that is not as drawn, and says which") {
    const Record record = full_request();
    REQUIRE(refusal_of(record) == "accepted");
    const auto size = static_cast<std::uint32_t>(record.size());
    CHECK(refusal_of({}) == "malformed length");
    CHECK(refusal_of(changed(record, layout::length, size - 1)) == "malformed length");
    CHECK(refusal_of(changed(record, layout::length, size + 1)) == "malformed length");
    CHECK(refusal_of(changed(record, layout::kind, std::uint8_t{2})) == "malformed kind");
    CHECK(refusal_of(changed(record, layout::version_at, std::uint8_t{2})) == "malformed version");
    CHECK(refusal_of(changed(record, layout::status, std::uint16_t{99})) == "out_of_range status");
    CHECK(refusal_of(changed(record, layout::status, std::uint16_t{600})) == "out_of_range status");
    CHECK(refusal_of(changed(record, layout::present, std::uint32_t{1 << 11})) == "malformed present");
    CHECK(refusal_of(changed(record, layout::cut, std::uint32_t{1 << 11})) == "accepted");
    CHECK(refusal_of(changed(record, layout::cut, std::uint32_t{1 << 12})) == "malformed cut");
    CHECK(refusal_of(changed(record, layout::duration, std::int64_t{-1})) == "out_of_range duration_us");
    CHECK(refusal_of(changed(record, layout::method, static_cast<std::uint8_t>(method_count))) ==
          "out_of_range method");
    CHECK(refusal_of(changed(record, layout::priority, std::int8_t{3})) == "out_of_range priority");
    CHECK(refusal_of(changed(record, layout::priority, std::int8_t{-2})) == "out_of_range priority");
    CHECK(refusal_of(changed(record, layout::route, std::uint16_t{257})) == "malformed text");
    CHECK(refusal_of(changed(record, layout::path, std::uint16_t{2049})) == "malformed text");
    CHECK(refusal_of(changed(record, layout::message, std::uint16_t{4097})) == "malformed text");
    CHECK(refusal_of(changed(record, layout::message, std::uint16_t{4096})) == "malformed text");
    CHECK(refusal_of(changed(record, request_bytes_at, std::int64_t{-1})) == "out_of_range request_bytes");
    CHECK(refusal_of(changed(record, request_bytes_at + 8, std::int64_t{-1})) == "out_of_range response_bytes");
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(refusal_of(changed(record, error_lengths_at + 2 * i, std::uint16_t{0xFFFF})) == "malformed error");
    }
    CHECK(refusal_of(changed(record, tag_count_at, std::uint8_t{33})) == "malformed tags");
    CHECK(refusal_of(changed(record, tag_count_at + 1, std::uint8_t{65})) == "malformed spans");
    CHECK(refusal_of(changed(record, tag_count_at + 1, std::uint8_t{0})) == "malformed length");
    CHECK(refusal_of(changed(record, tags_at, std::uint16_t{65})) == "malformed tags");
    CHECK(refusal_of(changed(record, tags_at + 2, std::uint16_t{257})) == "malformed tags");
    CHECK(refusal_of(changed(record, span_at + 8, std::int64_t{-1})) == "malformed spans");
    CHECK(refusal_of(changed(record, span_at + 16, std::uint16_t{257})) == "malformed spans");
    CHECK(refusal_of(changed(record, span_at + 30, std::uint8_t{33})) == "malformed spans");
}

TEST_CASE("text that is not UTF-8, or holds U+0000, refuses a record wherever it stands") {
    const Record record = full_request();
    for (std::size_t at = text_at; at < tags_at; ++at) {
        CHECK(refusal_of(changed(record, at, std::uint8_t{0xFF})).starts_with("malformed "));
        CHECK(refusal_of(changed(record, at, std::uint8_t{0})).starts_with("malformed "));
    }
    for (const std::size_t at : {tags_at + 4, tags_at + 8}) {
        CHECK(refusal_of(changed(record, at, std::uint8_t{0xFF})) == "malformed tags");
    }
    CHECK(refusal_of(changed(record, span_at + layout::span_head, std::uint8_t{0})) == "malformed spans");
    // a character that begins in one text and ends in the next
    Record across = changed(record, text_at + 4, std::uint8_t{0xC3});
    CHECK(refusal_of(changed(across, text_at + 5, std::uint8_t{0xA9})) == "malformed text");
    across = changed(record, text_at + 3, std::uint8_t{0xC3});
    CHECK(refusal_of(changed(across, text_at + 4, std::uint8_t{0xA9})) == "accepted");
}

TEST_CASE("a record that is whole but beyond a limit is refused, and at the limit it is not") {
    // `more` bytes of text put in where each text, tag or span ends, with every length made to agree
    const auto grown = [](std::size_t at, std::size_t more, std::size_t slot, auto slot_value) {
        Record record = full_request();
        record.insert(record.begin() + static_cast<std::ptrdiff_t>(at), more, std::byte{'x'});
        store(record.data() + slot, slot_value);
        return changed(record, layout::length, static_cast<std::uint32_t>(record.size()));
    };
    CHECK(refusal_of(grown(text_at, 256 - 5, layout::route, std::uint16_t{256})) == "accepted");
    CHECK(refusal_of(grown(text_at, 257 - 5, layout::route, std::uint16_t{257})) == "malformed text");
    CHECK(refusal_of(grown(text_at + 5, 2049 - 4, layout::path, std::uint16_t{2049})) == "malformed text");
    CHECK(refusal_of(grown(text_at + 9, 4097 - 2, layout::message, std::uint16_t{4097})) == "malformed text");
    CHECK(refusal_of(grown(text_at + 11, 4097 - 1, error_lengths_at, std::uint16_t{4097})) == "malformed error");
    CHECK(refusal_of(grown(text_at + 12, 4097 - 4, error_lengths_at + 2, std::uint16_t{4097})) == "malformed error");
    CHECK(refusal_of(grown(text_at + 16, 16385 - 5, error_lengths_at + 4, std::uint16_t{16385})) == "malformed error");
    CHECK(refusal_of(grown(tags_at + 4, 64 - 4, tags_at, std::uint16_t{64})) == "accepted");
    CHECK(refusal_of(grown(tags_at + 4, 65 - 4, tags_at, std::uint16_t{65})) == "malformed tags");
    CHECK(refusal_of(grown(tags_at + 8, 257 - 3, tags_at + 2, std::uint16_t{257})) == "malformed tags");
    CHECK(refusal_of(grown(span_at + 31, 257 - 6, span_at + 16, std::uint16_t{257})) == "malformed spans");

    // empty tags and spans are heads of zeros
    const auto with_zeros = [](std::size_t at, std::size_t zeros, std::size_t slot, std::uint8_t count) {
        Record record = full_request();
        record.insert(record.begin() + static_cast<std::ptrdiff_t>(at), zeros, std::byte{0});
        store(record.data() + slot, count);
        return changed(record, layout::length, static_cast<std::uint32_t>(record.size()));
    };
    CHECK(refusal_of(with_zeros(tags_at, 30 * layout::tag_head, tag_count_at, 32)) == "accepted");
    CHECK(refusal_of(with_zeros(tags_at, 31 * layout::tag_head, tag_count_at, 33)) == "malformed tags");
    CHECK(refusal_of(with_zeros(span_at, 63 * layout::span_head, tag_count_at + 1, 64)) == "accepted");
    CHECK(refusal_of(with_zeros(span_at, 64 * layout::span_head, tag_count_at + 1, 65)) == "malformed spans");
}

TEST_CASE("a route that is absent is not a record's to leave out") {
    Record record = full_request();
    record.erase(record.begin() + text_at, record.begin() + text_at + 5);
    record = changed(record, layout::route, std::uint16_t{0});
    record = changed(record, layout::length, static_cast<std::uint32_t>(record.size()));
    CHECK(refusal_of(record) == "missing_field route");
}

TEST_CASE("a record longer than 64 KiB is refused before it is looked at") {
    Record record(limits::record_bytes + 1);
    std::ranges::copy(full_request(), record.begin());
    record = changed(record, layout::length, static_cast<std::uint32_t>(record.size()));
    CHECK(refusal_of(record) == "too_long length");
    CHECK(metric_refusal_of(record) == "too_long length");
}

TEST_CASE("a metric is refused for each field that is not as drawn, and says which") {
    const Record record = full_metric();
    REQUIRE(metric_refusal_of(record) == "accepted");
    const auto number = [](double value) { return std::bit_cast<std::uint64_t>(value); };
    CHECK(metric_refusal_of({}) == "malformed length");
    CHECK(metric_refusal_of(full_request()) == "malformed kind");
    CHECK(refusal_of(record) != "accepted");
    CHECK(metric_refusal_of(changed(record, layout::metric_kind, std::uint8_t{0})) == "out_of_range kind");
    CHECK(metric_refusal_of(changed(record, layout::metric_kind, std::uint8_t{4})) == "out_of_range kind");
    CHECK(metric_refusal_of(changed(record, layout::metric_cut, std::uint32_t{1 << 12})) == "malformed cut");
    CHECK(metric_refusal_of(changed(record, layout::metric_zero, std::uint16_t{1})) == "malformed reserved");
    CHECK(metric_refusal_of(changed(record, layout::metric_value, number(-1))) == "out_of_range value");
    CHECK(metric_refusal_of(changed(record, layout::metric_value, number(1e308 * 10))) == "out_of_range value");
    CHECK(metric_refusal_of(changed(record, layout::metric_name, std::uint16_t{257})) == "malformed name");
    CHECK(metric_refusal_of(changed(record, layout::metric_head, std::uint8_t{'9'})) == "bad_name name");
    CHECK(metric_refusal_of(changed(record, layout::metric_tags, std::uint8_t{2})) == "malformed tags");
    CHECK(metric_refusal_of(changed(record, layout::metric_tags, std::uint8_t{0})) == "malformed length");
    Record reserved = changed(record, layout::metric_head + 6 + 4, std::uint8_t{'_'});
    reserved = changed(reserved, layout::metric_head + 6 + 5, std::uint8_t{'_'});
    CHECK(metric_refusal_of(reserved) == "bad_name tags");
}

TEST_CASE("no part of a record, and none with bytes behind it, is a record") {
    for (const Record& record : {full_request(), full_metric()}) {
        for (std::size_t size = 0; size <= record.size(); ++size) {
            // each in its own memory, with the length that it claims and with the length that it has
            Record part(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size));
            const bool whole = size == record.size();
            CHECK((RequestView::parse(part).has_value() || MetricView::parse(part).has_value()) == whole);
            if (size < 4 || whole) continue;
            part = changed(part, layout::length, static_cast<std::uint32_t>(size));
            CHECK_FALSE(RequestView::parse(part).has_value());
            CHECK_FALSE(MetricView::parse(part).has_value());
        }
        Record longer = record;
        longer.push_back(std::byte{0});
        longer = changed(longer, layout::length, static_cast<std::uint32_t>(longer.size()));
        CHECK_FALSE(RequestView::parse(longer).has_value());
        CHECK_FALSE(MetricView::parse(longer).has_value());
    }
}

TEST_CASE("refusals and cut fields have the names of the contract") {
    CHECK(to_string(Refusal::malformed) == "malformed");
    CHECK(to_string(Refusal::conflicting_kind) == "conflicting_kind");
    CHECK(to_string(Refusal::unexpected) == "unexpected");
    CHECK(to_string(CutField::method) == "method");
    CHECK(to_string(CutField::error_stack) == "error_stack");
    CHECK(to_string(CutField::trace_id) == "trace_id");
}

}  // namespace outrigger
