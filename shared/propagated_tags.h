// What the service before said of a trace in Datadog's way, beside ids and priority: where it began, and the tags that
// go from service to service. From its headers, else from its member `dd` of tracestate. Pure. Called by whoever
// instruments an app, on the request's thread.
// Source: https://github.com/DataDog/dd-trace-cpp/blob/HEAD/src/datadog/w3c_propagation.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/trace_context.h"

namespace outrigger {

struct PropagatedTags {
    std::string origin;                // synthetics, rum, ...; the span tag _dd.origin
    std::string tags;                  // _dd.p.*, as x-datadog-tags has them, without the upper half of the trace id
    std::vector<std::string> entries;  // all of that as the member has it
};

[[nodiscard]] PropagatedTags propagated_tags(const TraceContext& incoming);

// Adds `name=value` to a list as x-datadog-tags has it, if there is room.
void add_datadog_tag(std::string& tags, std::string_view name, std::string_view value);

// The value of the member `dd` of a tracestate, and all others as they came, each behind a comma.
struct TracestateMembers {
    std::string_view datadog;
    std::string others;
};
[[nodiscard]] TracestateMembers split_tracestate(std::string_view tracestate);

}  // namespace outrigger
