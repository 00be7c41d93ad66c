#include "agent/http/negotiation.h"

#include <algorithm>
#include <charconv>

namespace outrigger::http {

namespace {

// One entry of an Accept header: type/subtype;version=...;q=...
struct MediaRange {
    std::string_view type;
    std::string_view version;  // empty: any
    double q;
};

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_until(std::string_view& rest, char separator) {
    const std::string_view part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return trim(part);
}

bool same_ignoring_case(std::string_view left, std::string_view lower) {
    const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(left, lower, {}, lowered);
}

// What is no quality at all is one of 0: not asked for.
double to_quality(std::string_view text) {
    double q = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), q, std::chars_format::fixed);
    return error == std::errc() && end == text.data() + text.size() && q >= 0 && q <= 1 ? q : 0;
}

MediaRange to_range(std::string_view text) {
    MediaRange range{take_until(text, ';'), {}, 1};
    while (!text.empty()) {
        std::string_view value = take_until(text, ';');
        const std::string_view name = take_until(value, '=');
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        if (same_ignoring_case(name, "version")) range.version = value;
        if (same_ignoring_case(name, "q")) range.q = to_quality(value);
    }
    return range;
}

// How closely a range names text 0.0.4: 0 not at all, 3 exactly. The closest one gives the q.
int closeness_to_text(const MediaRange& range) {
    if (same_ignoring_case(range.type, "text/plain")) return range.version.empty() || range.version == "0.0.4" ? 3 : 0;
    if (same_ignoring_case(range.type, "text/*")) return 2;
    return range.type == "*/*" ? 1 : 0;
}

bool names_open_metrics(const MediaRange& range) {
    return same_ignoring_case(range.type, "application/openmetrics-text") &&
           (range.version.empty() || range.version == "1.0.0");
}

}  // namespace

MetricsFormat negotiate(std::string_view accept) {
    double open_metrics = 0;
    double text = 0;
    int closest = 0;
    while (!accept.empty()) {
        const MediaRange range = to_range(take_until(accept, ','));
        if (names_open_metrics(range)) open_metrics = std::max(open_metrics, range.q);
        const int closeness = closeness_to_text(range);
        if (closeness == 0 || closeness < closest) continue;
        text = closeness > closest ? range.q : std::max(text, range.q);
        closest = closeness;
    }
    return open_metrics > 0 && open_metrics >= text ? MetricsFormat::open_metrics : MetricsFormat::text;
}

std::string_view content_type(MetricsFormat format) {
    return format == MetricsFormat::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                 : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace outrigger::http
