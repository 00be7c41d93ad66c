// Any bytes as a record: refused, or within every limit to the last byte, and written anew from its view it says the
// same. Written anew once more it is the same bytes: what write() makes is the one form.
#include "shared/record.h"

#include <vector>

#include "shared/little_endian.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"
#include "tests/fuzz/kit/target.h"
#include "tests/fuzz/kit/view_event.h"

using namespace outrigger;
using fuzz::expect;

namespace {

void check_text(std::string_view text, std::size_t limit) {
    expect(text.size() <= limit && utf8::is_clean(text), "a text of a view is clean and within its limit");
}

void check_error(const ErrorInfo& error) {
    check_text(error.type, limits::error_type_bytes);
    check_text(error.message, limits::error_message_bytes);
    check_text(error.stack, limits::error_stack_bytes);
}

void check_tags(const TagList& tags) {
    expect(tags.size() <= limits::tags, "tags are within their limit");
    for (const Tag tag : tags) {
        check_text(tag.key, limits::tag_key_bytes);
        check_text(tag.value, limits::tag_value_bytes);
    }
}

void check(const RequestView& view) {
    expect(view.status >= 100 && view.status <= 599 && view.duration_us >= 0, "numbers are within their ranges");
    expect(!view.route.empty() && !view.method.empty(), "route and method are there");
    check_text(view.route, limits::route_bytes);
    check_text(view.path, limits::path_bytes);
    check_text(view.message, limits::message_bytes);
    check_error(view.error);
    check_tags(view.tags);
    expect(view.spans.size() <= limits::spans, "spans are within their limit");
    for (const SpanView span : view.spans) {
        expect(span.duration_us >= 0, "a span lasts");
        for (const std::string_view text : {span.name, span.resource, span.service, span.kind})
            check_text(text, limits::span_text_bytes);
        check_error(span.error);
        check_tags(span.tags);
    }
}

void check(const MetricView& view) {
    check_text(view.name, limits::metric_name_bytes);
    check_tags(view.tags);
}

const RequestEvent& event_of(const fuzz::ViewEvent& event, const RequestView&) { return event.request; }
const MetricEvent& event_of(const fuzz::ViewEvent& event, const MetricView&) { return event.metric; }

template <class View>
std::vector<std::byte> written_anew(const View& view) {
    const fuzz::ViewEvent kept(view);
    const auto& event = event_of(kept, view);
    const auto measured = measure(event);
    expect(measured.has_value(), "what a view says can be written");
    expect(measured->cut == 0, "what a view says needs no cutting");
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    return record;
}

std::size_t cut_at(const RequestView&) { return layout::cut; }
std::size_t cut_at(const MetricView&) { return layout::metric_cut; }

template <class View>
std::size_t optional_bytes(Bytes record) {
    if constexpr (std::is_same_v<View, MetricView>) return 0;
    return layout::optional_bytes[load<std::uint32_t>(record.data() + layout::present)];
}

template <class View>
void check_record(Bytes record) {
    const auto view = View::parse(record);
    if (!view) return expect(!view.error().field.empty(), "a refusal says which field");
    check(*view);
    const auto anew = written_anew(*view);
    const auto again = View::parse(anew);
    expect(again.has_value(), "what is written can be read");
    expect(written_anew(*again) == anew, "a record has one form");
    // The other may have said in so many words that something is absent.
    expect(record.size() - anew.size() == optional_bytes<View>(record) - optional_bytes<View>(anew),
           "nothing is added, and nothing lies behind the last field");
    if (anew.size() != record.size()) return;
    std::vector<std::byte> plain(record.begin(), record.end());
    for (std::size_t i = 0; i < 4; ++i) plain[cut_at(*view) + i] = std::byte{0};
    if constexpr (std::is_same_v<View, RequestView>)
        if (!view->priority) plain[layout::priority] = std::byte{0};
    expect(plain == anew, "of the same length, it is the same record");
}

}  // namespace

FUZZ_TARGET(record) {
    check_record<RequestView>(input);
    check_record<MetricView>(input);
    // The lengths and the kind made right, so that damage lies deeper.
    std::vector<std::byte> headed(input.begin(), input.end());
    if (headed.size() < 8 || headed.size() > limits::record_bytes) return;
    const auto length = static_cast<std::uint32_t>(headed.size());
    for (std::size_t i = 0; i < 4; ++i) headed[i] = static_cast<std::byte>(length >> (8 * i));
    headed[layout::version_at] = std::byte{layout::version};
    headed[layout::kind] = std::byte{1};
    check_record<RequestView>(headed);
    headed[layout::kind] = std::byte{2};
    check_record<MetricView>(headed);
}
