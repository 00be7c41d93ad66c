// What Datadog's agent answers, and what that means for the traces that were sent. Pure. Used by the traces worker.
// Source: https://github.com/DataDog/datadog-agent/blob/HEAD/pkg/trace/api/responses.go
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/sinks/traces/traces.h"

namespace outrigger::traces {

struct Reply {
    int status = 0;
    std::string body;           // empty: none, or longer than the cap
    std::string rates_version;  // of the rates in the body; empty: none
};

enum class Verdict {
    accepted,
    too_large,  // fewer at once
    refused,    // never again
    retry,      // later
};
Verdict verdict_of(int status);

// None: no rates, or the ones that are known already.
std::optional<RateTable> parse_rates(std::string_view body);

// The reply for people: one line, short.
std::string describe(const Reply& reply);

}  // namespace outrigger::traces
