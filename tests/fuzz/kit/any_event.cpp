#include "tests/fuzz/kit/any_event.h"

#include <bit>

namespace outrigger::fuzz {
namespace {

constexpr std::int64_t day_us = std::int64_t{86'400} * 1'000'000;

template <class Event>
std::optional<std::vector<std::byte>> encoded(const Event& event) {
    const auto measured = measure(event);
    if (!measured) return std::nullopt;
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    return record;
}

// The same rule as intake's: what lies too far off is not believed.
journal::Start start_of(const RequestEvent& event) {
    if (!event.start_us)
        return event.duration_us < 30 * day_us ? journal::Start::before_arrival : journal::Start::arrival;
    const bool near = *event.start_us > arrival_us - 30 * day_us && *event.start_us < arrival_us + day_us / 24;
    return near ? journal::Start::record : journal::Start::arrival;
}

}  // namespace

std::span<const Tag> EventReader::tags() {
    auto& list = tags_.emplace_back(source_.number<std::uint8_t>() % 40);
    for (Tag& tag : list) tag = {source_.text(), source_.text()};
    return list;
}

ErrorInfo EventReader::error() {
    ErrorInfo error;
    error.type = source_.text();
    error.message = source_.text();
    error.stack = source_.text();
    return error;
}

Span EventReader::span() {
    Span span;
    span.name = source_.text();
    span.resource = source_.text();
    span.service = source_.text();
    span.kind = source_.text();
    span.start_us = source_.flag() ? source_.number<std::int64_t>() : 0;
    span.duration_us = source_.number<std::uint32_t>();
    if (source_.flag()) span.error = error();
    if (source_.flag()) span.tags = tags();
    return span;
}

RequestEvent EventReader::request() {
    RequestEvent event;
    const auto present = source_.number<std::uint16_t>();
    const auto has = [present](unsigned bit) { return (present >> bit & 1) != 0; };
    event.method = source_.text();
    event.route = source_.text();
    event.path = source_.text();
    event.status = 100 + static_cast<int>(source_.below(500));
    event.duration_us = has(0) ? source_.number<std::int64_t>() : source_.number<std::uint16_t>();
    if (has(1)) event.start_us = has(2) ? source_.number<std::int64_t>() : arrival_us - source_.number<std::uint32_t>();
    if (has(3)) event.request_bytes = source_.number<std::int64_t>();
    if (has(4)) event.response_bytes = source_.number<std::uint32_t>();
    if (has(5)) event.client = source_.text();
    if (has(6))
        std::ranges::transform(source_.take(16), event.trace_id.begin(),
                               [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    if (has(7)) event.span_id = source_.number<std::uint64_t>();
    if (has(8)) event.parent_id = source_.number<std::uint64_t>();
    if (has(9)) event.priority = static_cast<std::int8_t>(static_cast<int>(source_.below(4)) - 1);
    if (has(10)) event.message = source_.text();
    if (has(11)) event.error = error();
    if (has(12)) event.tags = tags();
    if (has(13)) {
        auto& spans = spans_.emplace_back(source_.number<std::uint8_t>() % 80);
        for (Span& each : spans) each = span();
        event.spans = spans;
    }
    return event;
}

MetricEvent EventReader::metric() {
    MetricEvent event;
    event.kind = static_cast<MetricKind>(1 + source_.below(3));
    event.name = source_.text();
    event.value =
        source_.flag() ? std::bit_cast<double>(source_.number<std::uint64_t>()) : source_.number<std::int16_t>();
    event.tags = tags();
    return event;
}

std::optional<Identity> next_identity(Source& source) {
    Hello hello;
    hello.identity.emitter[0] = 1;
    hello.identity.pid = source.number<std::uint16_t>();
    for (std::string* text : {&hello.identity.service, &hello.identity.env, &hello.identity.version,
                              &hello.identity.host, &hello.identity.language})
        *text = source.text();
    std::vector<std::byte> frame;
    append(frame, hello);
    const auto parsed = parse_hello(frame);
    expect(parsed.has_value(), "a hello that was written can be read");
    return parsed->identity;
}

std::optional<KeptEvent> next_request(Source& source) {
    KeptEvent kept;
    if (source.flag()) kept.identity = next_identity(source);
    kept.envelope.kept = source.flag();
    kept.envelope.priority = static_cast<std::int8_t>(static_cast<int>(source.below(4)) - 1);
    kept.envelope.mechanism = static_cast<std::int8_t>(static_cast<int>(source.below(10)) - 1);
    kept.envelope.arrival_us = arrival_us;
    EventReader reader(source);
    const RequestEvent event = reader.request();
    kept.envelope.start = start_of(event);
    auto record = encoded(event);
    if (!record) return std::nullopt;
    kept.record = std::move(*record);
    return kept;
}

std::optional<KeptEvent> next_metric(Source& source) {
    KeptEvent kept;
    if (source.flag()) kept.identity = next_identity(source);
    kept.envelope.kind = journal::Kind::metric;
    kept.envelope.arrival_us = arrival_us;
    EventReader reader(source);
    auto record = encoded(reader.metric());
    if (!record || !MetricView::parse(*record)) return std::nullopt;
    kept.record = std::move(*record);
    return kept;
}

}  // namespace outrigger::fuzz
