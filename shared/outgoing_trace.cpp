#include "shared/outgoing_trace.h"

#include <array>
#include <string_view>
#include <vector>

#include "shared/propagated_tags.h"
#include "shared/text.h"
#include "shared/trace_ids.h"

namespace outrigger {
namespace {

template <std::size_t N>
std::string_view text_of(const std::array<char, N>& digits) {
    return {digits.data(), N};
}

// `dd=s:<priority>;p:<span>` and what else was said, as far as there is room.
std::string datadog_member(const OutgoingTrace& trace, std::uint64_t span_id, const std::vector<std::string>& entries) {
    std::string value;
    if (!trace.datadog_sampling_priority.empty()) value += "s:" + trace.datadog_sampling_priority + ";";
    value.append("p:").append(text_of(to_hex(span_id)));
    for (const std::string& entry : entries) {
        if (value.size() + 1 + entry.size() > max_tracestate_value_bytes) break;
        value.append(";").append(entry);
    }
    return "dd=" + value;
}

}  // namespace

OutgoingTrace to_outgoing(const TraceId& trace_id, std::uint64_t span_id, const std::optional<TraceContext>& incoming) {
    const TraceContext from = incoming.value_or(TraceContext{});
    const PropagatedTags said = propagated_tags(from);

    OutgoingTrace trace;
    trace.traceparent = text_of(to_traceparent(trace_id, span_id, from.priority.value_or(1) > 0));
    trace.datadog_trace_id = std::to_string(low_half(trace_id));
    trace.datadog_parent_id = std::to_string(span_id);
    if (from.priority) trace.datadog_sampling_priority = std::to_string(*from.priority);
    trace.datadog_origin = said.origin;
    if (high_half(trace_id) != 0)
        add_datadog_tag(trace.datadog_tags, "_dd.p.tid", text_of(to_hex(high_half(trace_id))));
    for (std::string_view tags = said.tags; !tags.empty();) {
        std::string_view value = take_until(tags, ',');
        const std::string_view name = take_until(value, '=');
        add_datadog_tag(trace.datadog_tags, name, value);
    }
    trace.tracestate = datadog_member(trace, span_id, said.entries) + split_tracestate(from.tracestate).others;
    return trace;
}

}  // namespace outrigger
