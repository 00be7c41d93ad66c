// What Datadog's own variables say about where StatsD and traces go, when nothing of ours says it. Pure.
// DD_DOGSTATSD_URL or DD_AGENT_HOST[:DD_DOGSTATSD_PORT]; DD_TRACE_AGENT_URL or DD_AGENT_HOST[:DD_TRACE_AGENT_PORT].
#pragma once

#include <optional>
#include <string>

#include "agent/settings/command_line.h"

namespace outrigger::settings {

struct DatadogTarget {
    std::string text;      // what --statsd or --traces would be given; not yet checked
    std::string source;    // the variables that say so
    bool by_host = false;  // by DD_AGENT_HOST, which was perhaps meant for something else
};

std::optional<DatadogTarget> datadog_statsd(const Environment& environment);
std::optional<DatadogTarget> datadog_traces(const Environment& environment);

}  // namespace outrigger::settings
