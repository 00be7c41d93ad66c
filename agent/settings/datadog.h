// What Datadog's own variables say about where StatsD and traces go, when nothing of ours says it. Pure.
// DD_DOGSTATSD_URL or DD_AGENT_HOST[:DD_DOGSTATSD_PORT]; DD_TRACE_AGENT_URL or DD_AGENT_HOST[:DD_TRACE_AGENT_PORT].
// DD_TRACE_ENABLED=false is off before either, and true without either is "auto".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/settings/command_line.h"

namespace outrigger::settings {

struct DatadogTarget {
    std::string text;      // what --statsd or --traces would be given; not yet checked
    std::string source;    // the variables that say so
    bool by_host = false;  // by DD_AGENT_HOST, which was perhaps meant for something else
};

std::optional<DatadogTarget> datadog_statsd(const Environment& environment);
std::optional<DatadogTarget> datadog_traces(const Environment& environment);

// What "auto" stands for: the socket where Datadog's agent usually has it, if there is one, else its port on this host.
using IsSocket = std::function<bool(const std::string& path)>;
std::string usual_statsd(const IsSocket& is_socket);
std::string usual_traces(const IsSocket& is_socket);

// What to say of DD_* variables that nothing here reads; nothing when there are none. Names only, never values.
std::vector<std::string> unread_datadog_variables(const Environment& environment);

}  // namespace outrigger::settings
