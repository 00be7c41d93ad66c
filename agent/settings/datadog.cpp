#include "agent/settings/datadog.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/settings/masked.h"
#include "agent/settings/nearest.h"

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

// Everything of Datadog's that is read here or in the app; DD_SERVICE and its like are settings of their own.
constexpr std::array<std::string_view, 10> read_here = {
    "DD_SERVICE",          "DD_ENV",           "DD_VERSION",        "DD_AGENT_HOST",    "DD_TRACE_AGENT_URL",
    "DD_TRACE_AGENT_PORT", "DD_DOGSTATSD_URL", "DD_DOGSTATSD_PORT", "DD_TRACE_ENABLED", "DD_EXTERNAL_ENV"};

// As Datadog's tracers read a yes or no; nothing when it is neither.
std::optional<bool> yes_or_no(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    return std::nullopt;
}

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
    const auto enabled = yes_or_no(value_of(environment, "DD_TRACE_ENABLED"));
    if (enabled == false) return DatadogTarget{"off", "variable DD_TRACE_ENABLED"};
    auto url = value_of(environment, "DD_TRACE_AGENT_URL");
    if (!url.empty()) return DatadogTarget{std::move(url), "variable DD_TRACE_AGENT_URL"};
    const auto agent = value_of(environment, "DD_AGENT_HOST");
    if (agent.empty() || is_url(agent)) {
        if (enabled == true) return DatadogTarget{"auto", "variable DD_TRACE_ENABLED"};
        return {};
    }
    return at_host("http://" + split_host(agent).host, value_of(environment, "DD_TRACE_AGENT_PORT"),
                   "DD_TRACE_AGENT_PORT");
}

std::string usual_statsd(const IsSocket& is_socket) {
    const std::string path = "/var/run/datadog/dsd.socket";
    return is_socket && is_socket(path) ? "unix://" + path : "udp://localhost:8125";
}

std::string usual_traces(const IsSocket& is_socket) {
    const std::string path = "/var/run/datadog/apm.socket";
    return is_socket && is_socket(path) ? "unix://" + path : "http://localhost:8126";
}

std::vector<std::string> unread_datadog_variables(const Environment& environment) {
    constexpr std::size_t most_named = 20;
    std::string names;
    std::size_t count = 0;
    std::vector<std::string> said;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("DD_") || std::ranges::find(read_here, name) != read_here.end()) continue;
        const auto meant = nearest(name, read_here);
        if (edit_distance(name, meant) <= 2)
            said.push_back("variable " + printable(name) + " is not known: did you mean " + std::string(meant) + "?");
        else if (++count <= most_named)
            names += (names.empty() ? "" : ", ") + printable(name);
    }
    if (const auto enabled = value_of(environment, "DD_TRACE_ENABLED"); !enabled.empty() && !yes_or_no(enabled))
        said.push_back("variable DD_TRACE_ENABLED has no effect: its value is neither true nor false");
    if (count > most_named) names += " and " + std::to_string(count - most_named) + " more";
    if (count > 0) said.push_back("no effect here: " + names);
    return said;
}

}  // namespace outrigger::settings
