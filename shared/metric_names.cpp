#include "shared/metric_names.h"

#include <algorithm>
#include <cmath>

namespace outrigger {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > limits::metric_name_bytes || !is_letter(name[0])) return false;
    return std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::expected<void, Refused> check_metric(MetricKind kind, std::string_view name, double value) noexcept {
    if (kind < MetricKind::count || kind > MetricKind::histogram) {
        return std::unexpected(Refused{Refusal::out_of_range, "kind", "count, gauge or histogram"});
    }
    if (!is_name(name)) {
        return std::unexpected(Refused{Refusal::bad_name, "name", "[a-zA-Z_][a-zA-Z0-9_]*, at most 256 bytes"});
    }
    if (!std::isfinite(value) || (kind == MetricKind::count && value < 0)) {
        return std::unexpected(Refused{Refusal::out_of_range, "value", "a finite number; of a count 0 or more"});
    }
    return {};
}

bool is_reserved_label(std::string_view key) noexcept {
    return key == "le" || key == "quantile" || key.starts_with("__");
}

Refused reserved_label() noexcept { return {Refusal::bad_name, "tags", "keys other than le, quantile and __..."}; }

}  // namespace outrigger
