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
