// What an app's own metric may be called and hold: one rule for the encoder and the decoder. Pure, any thread.
#pragma once

#include <expected>
#include <string_view>

#include "shared/event.h"
#include "shared/record.h"

namespace outrigger {

// Kind known, name [a-zA-Z_][a-zA-Z0-9_]* and <= 256 bytes, value finite, a count >= 0. Whether the name is taken is
// the agent's to say.
std::expected<void, Refused> check_metric(MetricKind kind, std::string_view name, double value) noexcept;

// Tags of a metric become labels, and these mean something of their own there: le, quantile, __ and what it begins.
bool is_reserved_label(std::string_view key) noexcept;
Refused reserved_label() noexcept;

}  // namespace outrigger
