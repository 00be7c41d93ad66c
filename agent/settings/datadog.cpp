#include "agent/settings/datadog.h"

#include <algorithm>

namespace outrigger::settings {
namespace {

std::string value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

// DD_AGENT_HOST may be a host, a host and StatsD's port, an IPv6 address, or the URL of StatsD's socket.
struct AgentHost {
    std::string host;
    std::string port;
};

AgentHost split_host(const std::string& text) {
    if (std::ranges::count(text, ':') == 1) return {text.substr(0, text.find(':')), text.substr(text.find(':') + 1)};
    const bool bare_address = text.contains(':') && !text.starts_with('[');
    if (bare_address) return {"[" + text + "]", ""};
    const auto end = text.find("]:");
    if (end == text.npos) return {text, ""};
    return {text.substr(0, end + 1), text.substr(end + 2)};
}

DatadogTarget at_host(std::string url, const std::string& port, const std::string& port_variable) {
    if (port.empty()) return {std::move(url), "variable DD_AGENT_HOST", true};
    return {url + ":" + port, "variables DD_AGENT_HOST and " + port_variable, true};
}

bool is_url(const std::string& text) { return text.contains("://"); }

}  // namespace

std::optional<DatadogTarget> datadog_statsd(const Environment& environment) {
    auto url = value_of(environment, "DD_DOGSTATSD_URL");
    if (!url.empty()) return DatadogTarget{std::move(url), "variable DD_DOGSTATSD_URL"};
    const auto agent = value_of(environment, "DD_AGENT_HOST");
    if (agent.empty()) return {};
    if (is_url(agent)) return DatadogTarget{agent, "variable DD_AGENT_HOST", true};
    const auto [host, host_port] = split_host(agent);
    const auto port = value_of(environment, "DD_DOGSTATSD_PORT");
    if (port.empty() && !host_port.empty()) return DatadogTarget{"udp://" + agent, "variable DD_AGENT_HOST", true};
    return at_host("udp://" + host, port, "DD_DOGSTATSD_PORT");
}

std::optional<DatadogTarget> datadog_traces(const Environment& environment) {
    auto url = value_of(environment, "DD_TRACE_AGENT_URL");
    if (!url.empty()) return DatadogTarget{std::move(url), "variable DD_TRACE_AGENT_URL"};
    const auto agent = value_of(environment, "DD_AGENT_HOST");
    if (agent.empty() || is_url(agent)) return {};
    return at_host("http://" + split_host(agent).host, value_of(environment, "DD_TRACE_AGENT_PORT"),
                   "DD_TRACE_AGENT_PORT");
}

}  // namespace outrigger::settings
