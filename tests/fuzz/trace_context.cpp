// Any headers: what is taken of them is legal, and what goes out to the next service is text that no header can be
// broken with, in which that service finds the same trace.
#include "shared/trace_context.h"

#include <algorithm>
#include <string>

#include "shared/outgoing_trace.h"
#include "shared/propagated_tags.h"
#include "tests/fuzz/kit/source.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

constexpr std::uint64_t our_span = 0x2a;

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_header(const std::string& value) {
    expect(std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; }), "a header value is printable");
    expect(value.size() <= max_tracestate_bytes, "a header value has a limit");
}

std::optional<TraceContext> found_by_next(const OutgoingTrace& trace, bool with_datadog, bool with_w3c) {
    TraceHeaders headers;
    headers.traceparent_count = 0;
    if (with_w3c) {
        headers.traceparent = trace.traceparent;
        headers.traceparent_count = 1;
        headers.tracestate = trace.tracestate;
    }
    if (with_datadog) {
        headers.datadog_trace_id = trace.datadog_trace_id;
        headers.datadog_parent_id = trace.datadog_parent_id;
        headers.datadog_sampling_priority = trace.datadog_sampling_priority;
        headers.datadog_origin = trace.datadog_origin;
        headers.datadog_tags = trace.datadog_tags;
    }
    return extract_trace_context(headers);
}

void check_next(const TraceContext& context, const OutgoingTrace& out, bool with_datadog, bool with_w3c) {
    const auto next = found_by_next(out, with_datadog, with_w3c);
    // A trace whose lower half is 0 has no Datadog id: only W3C's headers can carry it.
    const bool has_low =
        std::any_of(context.trace_id.begin() + 8, context.trace_id.end(), [](auto b) { return b != 0; });
    if (!with_w3c && !has_low) return;
    expect(next.has_value(), "the next service finds a trace");
    expect(next->trace_id == context.trace_id, "the next service finds the same trace");
    expect(next->parent_id == our_span, "the next service has our span as its parent");
    if (context.priority) expect(next->priority == context.priority, "the priority goes on");
}

}  // namespace

FUZZ_TARGET(trace_context) {
    fuzz::Source source(input);
    TraceHeaders headers;
    headers.traceparent_count = source.below(3);
    headers.traceparent = source.text();
    headers.tracestate = source.text();
    headers.datadog_trace_id = source.text();
    headers.datadog_parent_id = source.text();
    headers.datadog_sampling_priority = source.text();
    headers.datadog_origin = source.text();
    headers.datadog_tags = source.text();
    const auto context = extract_trace_context(headers);
    if (!context) return;
    expect(context->trace_id != TraceId{}, "a trace has an id");
    expect(!context->priority || (*context->priority >= -1 && *context->priority <= 2), "a priority is one of four");
    expect(lies_in(context->tracestate, headers.tracestate) && context->tracestate.size() <= max_tracestate_bytes,
           "the tracestate is the one that came");
    expect(lies_in(context->datadog_origin, headers.datadog_origin) &&
               lies_in(context->datadog_tags, headers.datadog_tags),
           "Datadog's texts are those that came");

    const auto out = to_outgoing(context->trace_id, our_span, context);
    for (const std::string* value : {&out.traceparent, &out.tracestate, &out.datadog_trace_id, &out.datadog_parent_id,
                                     &out.datadog_sampling_priority, &out.datadog_origin, &out.datadog_tags})
        check_header(*value);
    expect(out.datadog_tags.size() <= max_datadog_tags_bytes, "x-datadog-tags is within its limit");
    expect(std::ranges::count(out.tracestate, ',') < static_cast<std::ptrdiff_t>(max_tracestate_members),
           "tracestate has no more members than it may");
    check_next(*context, out, true, true);
    check_next(*context, out, false, true);
    check_next(*context, out, true, false);
    const auto tags = propagated_tags(*context);
    expect(tags.tags.size() <= max_tracestate_bytes, "what is propagated has a limit");
}
