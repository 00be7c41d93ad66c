#include "app/trace.h"

#include <algorithm>
#include <utility>

#include "shared/outgoing_trace.h"
#include "shared/propagated_tags.h"
#include "shared/text.h"
#include "shared/trace_context.h"

namespace outrigger::app {
namespace {

// `lower` in lower case, `name` in any.
bool same(std::string_view name, std::string_view lower) {
    const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return std::ranges::equal(name, lower, {}, lowered);
}

// One walk over all headers: a look-up for each name that most requests do not bring would cost more than the rest of
// an event. Nothing when no header names a trace; `joined` holds the tracestate when it came in several headers.
std::optional<TraceHeaders> trace_headers(const httplib::Headers& headers, std::string& joined) {
    TraceHeaders found;
    found.traceparent_count = 0;
    const auto keep_datadog = [&](std::string_view name, std::string_view value) {
        if (same(name, "x-datadog-trace-id")) found.datadog_trace_id = value;
        if (same(name, "x-datadog-parent-id")) found.datadog_parent_id = value;
        if (same(name, "x-datadog-sampling-priority")) found.datadog_sampling_priority = value;
        if (same(name, "x-datadog-origin")) found.datadog_origin = value;
        if (same(name, "x-datadog-tags")) found.datadog_tags = value;
    };
    for (const auto& [name, value] : headers) {
        if (name.size() < 10) continue;
        const char first = static_cast<char>(name.front() | 0x20);
        if (first == 'x') {
            keep_datadog(name, value);
        } else if (first != 't') {
            continue;
        } else if (same(name, "traceparent")) {
            found.traceparent = value;
            ++found.traceparent_count;
        } else if (same(name, "tracestate")) {
            if (!found.tracestate.empty()) joined = std::string{found.tracestate} + "," + value;
            found.tracestate = joined.empty() ? std::string_view{value} : std::string_view{joined};
        }
    }
    if (found.traceparent_count == 0 && found.datadog_trace_id.empty()) return std::nullopt;
    return found;
}

}  // namespace

RequestTrace trace_of(const httplib::Request& request, IdSource& source, std::int64_t unix_seconds) {
    RequestTrace trace;
    trace.span_id = make_span_id(source);
    std::string joined;
    const auto headers = trace_headers(request.headers, joined);
    const auto context = headers ? extract_trace_context(*headers) : std::nullopt;
    if (context) {
        trace.trace_id = context->trace_id;
        trace.parent_id = context->parent_id;
        trace.priority = context->priority;
        trace.last_datadog_span = context->last_datadog_span;
        if (context->tracestate.empty() && context->datadog_origin.empty() && context->datadog_tags.empty())
            return trace;
        PropagatedTags said = propagated_tags(*context);
        trace.origin = std::move(said.origin);
        trace.propagated_tags = std::move(said.tags);
    } else {
        trace.trace_id = make_trace_id(source, unix_seconds);
    }
    return trace;
}

CallerTags::CallerTags(const RequestTrace& trace) {
    if (trace.last_datadog_span) {
        last_span_ = to_hex(*trace.last_datadog_span);
        add("_dd.parent_id", {last_span_.data(), last_span_.size()});
    }
    if (!trace.origin.empty()) add("_dd.origin", trace.origin);
    for (std::string_view tags = trace.propagated_tags; !tags.empty();) {
        std::string_view value = take_until(tags, ',');
        const std::string_view key = take_until(value, '=');
        add(key, value);
    }
}

void CallerTags::add(std::string_view key, std::string_view value) {
    if (size_ < tags_.size()) tags_[size_++] = {key, value};
}

std::array<char, 55> to_traceparent(const RequestTrace& trace) {
    return outrigger::to_traceparent(trace.trace_id, trace.span_id, trace.priority.value_or(1) > 0);
}

httplib::Headers to_outgoing_headers(const httplib::Request& served, const RequestTrace& trace) {
    std::string joined;
    const auto headers = trace_headers(served.headers, joined);
    const auto incoming = headers ? extract_trace_context(*headers) : std::nullopt;
    const auto outgoing = to_outgoing(trace.trace_id, trace.span_id, incoming);
    httplib::Headers result;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) result.emplace(name, value);
    };
    add("traceparent", outgoing.traceparent);
    add("tracestate", outgoing.tracestate);
    add("x-datadog-trace-id", outgoing.datadog_trace_id);
    add("x-datadog-parent-id", outgoing.datadog_parent_id);
    add("x-datadog-sampling-priority", outgoing.datadog_sampling_priority);
    add("x-datadog-origin", outgoing.datadog_origin);
    add("x-datadog-tags", outgoing.datadog_tags);
    return result;
}

}  // namespace outrigger::app
