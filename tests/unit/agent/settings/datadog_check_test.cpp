// What `outrigger check` prints as the endpoints, for what the environment says: Datadog's own precedence, and ours
// before it.
#include <doctest/doctest.h>

#include "agent/settings/command_line.h"

namespace outrigger::settings {
namespace {

constexpr const char* sockets = "sockets are there";  // stands in for a fact of the host, not for a variable

struct Row {
    Environment environment;
    std::string statsd, traces;
};

std::string endpoint(const std::string& text, const std::string& name) {
    const auto at = ("\n" + text).find("\n" + name + " ");
    REQUIRE(at != std::string::npos);
    const auto line = text.substr(at, text.find('\n', at) - at);
    const auto value = line.find_first_not_of(' ', name.size());
    return line.substr(value, line.find("  (", value) - value);
}

TEST_CASE("check prints the endpoints that Datadog's variables mean") {
    const std::vector<Row> rows = {
        {{}, "off", "off"},
        {{{sockets, ""}}, "unix:///var/run/datadog/dsd.socket", "unix:///var/run/datadog/apm.socket"},
        {{{"OUTRIGGER_TRACES", "off"}, {"OUTRIGGER_STATSD", "off"}, {sockets, ""}}, "off", "off"},
        {{{"DD_TRACE_ENABLED", "false"}, {sockets, ""}}, "unix:///var/run/datadog/dsd.socket", "off"},
        {{{"DD_AGENT_HOST", "dd"}}, "udp://dd:8125", "http://dd:8126"},
        {{{"DD_AGENT_HOST", "dd"}, {sockets, ""}}, "udp://dd:8125", "http://dd:8126"},
        {{{"DD_AGENT_HOST", "dd"}, {"DD_DOGSTATSD_PORT", "9"}}, "udp://dd:9", "http://dd:8126"},
        {{{"DD_AGENT_HOST", "dd"}, {"DD_TRACE_AGENT_PORT", "9"}}, "udp://dd:8125", "http://dd:9"},
        {{{"DD_AGENT_HOST", "dd:7"}}, "udp://dd:7", "http://dd:8126"},
        {{{"DD_AGENT_HOST", "::1"}}, "udp://[::1]:8125", "http://[::1]:8126"},
        {{{"DD_AGENT_HOST", "unix:///run/dsd"}}, "unix:///run/dsd", "off"},
        {{{"DD_DOGSTATSD_PORT", "9"}, {"DD_TRACE_AGENT_PORT", "9"}}, "off", "off"},  // a port is no wish
        {{{"DD_TRACE_AGENT_URL", "http://t:1"}}, "off", "http://t:1"},
        {{{"DD_TRACE_AGENT_URL", "http://t"}, {"DD_AGENT_HOST", "dd"}, {"DD_TRACE_AGENT_PORT", "9"}},
         "udp://dd:8125",
         "http://t:8126"},
        {{{"DD_TRACE_AGENT_URL", "unix:///run/apm"}}, "off", "unix:///run/apm"},
        {{{"DD_TRACE_AGENT_URL", "http+unix:///run/apm"}}, "off", "unix:///run/apm"},
        {{{"DD_DOGSTATSD_URL", "udp://s:2"}, {"DD_AGENT_HOST", "dd"}}, "udp://s:2", "http://dd:8126"},
        {{{"DD_DOGSTATSD_URL", "unixgram:///run/dsd"}}, "unix:///run/dsd", "off"},
        {{{"DD_TRACE_ENABLED", "true"}, {sockets, ""}},
         "unix:///var/run/datadog/dsd.socket",
         "unix:///var/run/datadog/apm.socket"},
        {{{"DD_TRACE_ENABLED", "true"}}, "off", "http://localhost:8126"},
        {{{"DD_TRACE_ENABLED", "false"}, {"DD_AGENT_HOST", "dd"}}, "udp://dd:8125", "off"},
        {{{"DD_TRACE_ENABLED", "false"}, {"OUTRIGGER_TRACES", "http://o:3"}}, "off", "http://o:3"},
        {{{"OUTRIGGER_TRACES", "off"}, {"OUTRIGGER_STATSD", "off"}, {"DD_AGENT_HOST", "dd"}}, "off", "off"},
        {{{"OUTRIGGER_TRACES", "auto"}, {"OUTRIGGER_STATSD", "auto"}, {sockets, ""}},
         "unix:///var/run/datadog/dsd.socket",
         "unix:///var/run/datadog/apm.socket"},
        {{{"OUTRIGGER_TRACES", "auto"}, {"OUTRIGGER_STATSD", "auto"}}, "udp://localhost:8125", "http://localhost:8126"},
        {{{"OUTRIGGER_TRACES", "http://o:3"}, {"DD_TRACE_AGENT_URL", "http://t:1"}}, "off", "http://o:3"},
        {{{"DD_AGENT_HOST", ""}, {"DD_TRACE_AGENT_URL", ""}, {"DD_DOGSTATSD_URL", ""}}, "off", "off"},
    };
    for (const Row& row : rows) {
        std::string said;
        for (const auto& [name, value] : row.environment) said += name + "=" + value + " ";
        CAPTURE(said);
        Surroundings surroundings;
        surroundings.environment = row.environment;
        surroundings.may_hold_data = [](const std::string&) { return true; };
        surroundings.is_socket = [&](const std::string&) { return row.environment.contains(sockets); };
        const auto line = parse({"check"}, surroundings);
        CHECK(endpoint(line.text, "statsd") == row.statsd);
        CHECK(endpoint(line.text, "traces") == row.traces);
    }
}

TEST_CASE("check says who meant it") {
    Surroundings surroundings;
    surroundings.environment = {{"DD_TRACE_ENABLED", "true"}, {"DD_TRACE_SAMPEL", "1"}};
    surroundings.may_hold_data = [](const std::string&) { return true; };
    const auto line = parse({"check"}, surroundings);
    CHECK(line.text.contains("http://localhost:8126  (variable DD_TRACE_ENABLED, where it usually is)"));
    CHECK(line.warnings == std::vector<std::string>{"no effect here: DD_TRACE_SAMPEL"});
}

TEST_CASE("a sink that is on because its socket was found is said at start, with how to turn it off") {
    Surroundings surroundings;
    surroundings.environment = {{"OUTRIGGER_TRACES", "http://t:1"}};
    surroundings.may_hold_data = [](const std::string&) { return true; };
    surroundings.is_socket = [](const std::string&) { return true; };
    CHECK(
        parse({"check"}, surroundings).notes ==
        std::vector<std::string>{"a socket where Datadog's agent usually has it turns on statsd; OUTRIGGER_STATSD=off "
                                 "and OUTRIGGER_TRACES=off turn them off"});
}

}  // namespace
}  // namespace outrigger::settings
