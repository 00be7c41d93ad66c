// `outrigger health`: asks a running agent whether it is alive. Used by main instead of running, for container health
// checks and probes.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>

#include "shared/error.h"

namespace outrigger::settings {

// One HTTP/1.0 GET of /-/healthy at the address the agent was told to listen on (a wildcard is asked at loopback).
// Takes `patience` at most. The error says what was asked and what came.
[[nodiscard]] std::expected<void, Error> ask_health(const std::string& host, std::uint16_t port,
                                                    std::chrono::milliseconds patience = std::chrono::seconds(2));

}  // namespace outrigger::settings
