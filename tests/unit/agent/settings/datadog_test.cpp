#include "agent/settings/datadog.h"

#include <doctest/doctest.h>

using namespace outrigger::settings;

namespace {

std::string statsd(const Environment& environment) {
    const auto target = datadog_statsd(environment);
    return target ? target->text + " by " + target->source : "off";
}

std::string traces(const Environment& environment) {
    const auto target = datadog_traces(environment);
    return target ? target->text + " by " + target->source : "off";
}

}  // namespace

TEST_CASE("Datadog's variables name StatsD's target, the URL before the host") {
    CHECK(statsd({}) == "off");
    CHECK(statsd({{"DD_DOGSTATSD_PORT", "1"}}) == "off");
    CHECK(statsd({{"DD_AGENT_HOST", ""}, {"DD_DOGSTATSD_URL", ""}}) == "off");
    CHECK(statsd({{"DD_DOGSTATSD_URL", "udp://a:1"}, {"DD_AGENT_HOST", "b"}, {"DD_DOGSTATSD_PORT", "2"}}) ==
          "udp://a:1 by variable DD_DOGSTATSD_URL");
    CHECK(statsd({{"DD_AGENT_HOST", "b"}}) == "udp://b by variable DD_AGENT_HOST");
    CHECK(statsd({{"DD_AGENT_HOST", "b"}, {"DD_DOGSTATSD_PORT", "2"}}) ==
          "udp://b:2 by variables DD_AGENT_HOST and DD_DOGSTATSD_PORT");
    CHECK(statsd({{"DD_AGENT_HOST", "b:3"}}) == "udp://b:3 by variable DD_AGENT_HOST");
    CHECK(statsd({{"DD_AGENT_HOST", "b:3"}, {"DD_DOGSTATSD_PORT", "2"}}) ==
          "udp://b:2 by variables DD_AGENT_HOST and DD_DOGSTATSD_PORT");
    CHECK(statsd({{"DD_AGENT_HOST", "::1"}}) == "udp://[::1] by variable DD_AGENT_HOST");
    CHECK(statsd({{"DD_AGENT_HOST", "[::1]:3"}}) == "udp://[::1]:3 by variable DD_AGENT_HOST");
    CHECK(statsd({{"DD_AGENT_HOST", "unix:///run/dsd"}}) == "unix:///run/dsd by variable DD_AGENT_HOST");
}

TEST_CASE("Datadog's variables name the target of traces, the URL before the host") {
    CHECK(traces({}) == "off");
    CHECK(traces({{"DD_TRACE_AGENT_URL", "http://a:1"}, {"DD_AGENT_HOST", "b"}}) ==
          "http://a:1 by variable DD_TRACE_AGENT_URL");
    CHECK(traces({{"DD_AGENT_HOST", "b"}}) == "http://b by variable DD_AGENT_HOST");
    CHECK(traces({{"DD_AGENT_HOST", "b"}, {"DD_TRACE_AGENT_PORT", "2"}}) ==
          "http://b:2 by variables DD_AGENT_HOST and DD_TRACE_AGENT_PORT");
    // The port that may stand in DD_AGENT_HOST is StatsD's, and so is a socket.
    CHECK(traces({{"DD_AGENT_HOST", "b:3"}}) == "http://b by variable DD_AGENT_HOST");
    CHECK(traces({{"DD_AGENT_HOST", "[::1]:3"}}) == "http://[::1] by variable DD_AGENT_HOST");
    CHECK(traces({{"DD_AGENT_HOST", "unix:///run/dsd"}}) == "off");
}

TEST_CASE("DD_TRACE_ENABLED turns traces off whatever else is said, and on where nothing else is") {
    CHECK(traces({{"DD_TRACE_ENABLED", "false"}, {"DD_TRACE_AGENT_URL", "http://a:1"}}) ==
          "off by variable DD_TRACE_ENABLED");
    CHECK(traces({{"DD_TRACE_ENABLED", "0"}, {"DD_AGENT_HOST", "b"}}) == "off by variable DD_TRACE_ENABLED");
    CHECK(traces({{"DD_TRACE_ENABLED", "True"}, {"DD_AGENT_HOST", "b"}}) == "http://b by variable DD_AGENT_HOST");
    CHECK(traces({{"DD_TRACE_ENABLED", "1"}}) == "auto by variable DD_TRACE_ENABLED");
    CHECK(traces({{"DD_TRACE_ENABLED", "perhaps"}}) == "off");
}

TEST_CASE("where Datadog's agent usually is: a socket that is there, else its port on this host") {
    const auto there = [](const std::string& path) { return path.starts_with("/var/run/datadog/"); };
    const auto nowhere = [](const std::string&) { return false; };
    CHECK(usual_traces(there) == "unix:///var/run/datadog/apm.socket");
    CHECK(usual_statsd(there) == "unix:///var/run/datadog/dsd.socket");
    CHECK(usual_traces(nowhere) == "http://localhost:8126");
    CHECK(usual_statsd(nowhere) == "udp://localhost:8125");
    CHECK(usual_traces(nullptr) == "http://localhost:8126");
}

TEST_CASE("of Datadog's variables, those that nothing reads are named once, without their values") {
    CHECK(unread_datadog_variables({{"DD_SERVICE", "a"}, {"DD_AGENT_HOST", "b"}, {"PATH", "c"}}).empty());
    CHECK(unread_datadog_variables({{"DD_API_KEY", "hunter2"}, {"DD_SITE", "x"}}) ==
          std::vector<std::string>{"no effect here: DD_API_KEY, DD_SITE"});
    CHECK(unread_datadog_variables({{"DD_AGNET_HOST", "b"}, {"DD_TAGS", "c"}}) ==
          std::vector<std::string>{"variable DD_AGNET_HOST is not known: did you mean DD_AGENT_HOST?",
                                   "no effect here: DD_TAGS"});
    for (const char* known : {"true", "0", "No", "ON", ""})
        CHECK(unread_datadog_variables({{"DD_TRACE_ENABLED", known}}).empty());
    CHECK(unread_datadog_variables({{"DD_TRACE_ENABLED", "ture"}}) ==
          std::vector<std::string>{"variable DD_TRACE_ENABLED has no effect: its value is neither true nor false"});
    Environment many;
    for (int i = 100; i < 125; ++i) many["DD_SOMETHING_ELSE_" + std::to_string(i)] = "x";
    REQUIRE(unread_datadog_variables(many).size() == 1);
    CHECK(unread_datadog_variables(many)[0].ends_with("_119 and 5 more"));
}
