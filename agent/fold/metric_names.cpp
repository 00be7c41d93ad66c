#include "agent/fold/metric_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/metric_names.h"

namespace outrigger::fold {
namespace {

constexpr std::string_view total = "_total";

// Families of the agent's own, in every naming set, and what Prometheus makes itself of a scrape.
bool is_family_of_ours(std::string_view name) {
    static constexpr std::array prefixes = {"outrigger_",    "process_",      "flask_",
                                            "http_requests", "http_request_", "http_server_request_"};
    static constexpr std::array names = {"app_info", "app", "up"};
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
           std::ranges::find(names, name) != names.end();
}

std::unexpected<Refused> refuse(Refusal reason, std::string_view accepted) {
    return std::unexpected(Refused{reason, reason == Refusal::bad_name ? "name" : "kind", accepted});
}

}  // namespace

std::vector<std::string> occupied_names(MetricKind kind, std::string_view name) {
    const std::string text(name);
    switch (kind) {
        case MetricKind::count: {
            const std::string base = name.ends_with(total) ? text.substr(0, name.size() - total.size()) : text;
            return {base, base + "_total"};
        }
        case MetricKind::histogram:
            return {text, text + "_bucket", text + "_sum", text + "_count"};
        case MetricKind::gauge:
            break;
    }
    return {text};
}

MetricNames::MetricNames(const std::vector<CustomFamily>& known, const StatsdNames& requests) {
    of_statsd_ = occupied_names(MetricKind::count, requests.count);
    for (std::string& each : occupied_names(MetricKind::histogram, requests.latency))
        of_statsd_.push_back(std::move(each));
    for (const CustomFamily& family : known) claim(family.kind, family.name, family.last_us);
}

std::expected<void, Refused> MetricNames::admit(const MetricView& metric, std::int64_t now_us) {
    for (const Tag tag : metric.tags) {
        if (is_reserved_label(tag.key)) return std::unexpected(reserved_label());
    }
    return admit(metric.kind, metric.name, now_us);
}

std::expected<void, Refused> MetricNames::admit(MetricKind kind, std::string_view name, std::int64_t now_us) {
    const auto known = known_.find(name);
    if (known == known_.end()) return admit_new(kind, name, now_us);
    if (known->second.kind != kind) {
        if (now_us - known->second.last_us < idle_us) {
            return refuse(Refusal::conflicting_kind, "the kind that the name first had");
        }
        release(known->first);
        return admit_new(kind, name, now_us);
    }
    known->second.last_us = now_us;
    return {};
}

bool MetricNames::is_ours(std::string_view name) const {
    return is_family_of_ours(name) || std::ranges::find(of_statsd_, name) != of_statsd_.end();
}

std::expected<void, Refused> MetricNames::admit_new(MetricKind kind, std::string_view name, std::int64_t now_us) {
    const auto wanted = occupied_names(kind, name);
    if (std::ranges::any_of(wanted, [this](const std::string& each) { return is_ours(each); })) {
        return refuse(Refusal::bad_name, "a name that is not one of the agent's own");
    }
    for (const std::string& each : wanted) {
        const auto owner = owners_.find(each);
        if (owner == owners_.end()) continue;
        if (now_us - known_.find(owner->second)->second.last_us < idle_us) {
            return refuse(Refusal::bad_name, "a name that shares no sample name with another metric");
        }
        release(owner->second);
    }
    if (known_.size() >= greatest_names) {
        const auto idlest = std::ranges::min_element(known_, {}, [](const auto& each) { return each.second.last_us; });
        if (now_us - idlest->second.last_us < idle_us) {
            return refuse(Refusal::bad_name, "at most 1,000 names in an hour");
        }
        release(idlest->first);
    }
    claim(kind, name, now_us);
    return {};
}

void MetricNames::claim(MetricKind kind, std::string_view name, std::int64_t now_us) {
    known_.insert_or_assign(std::string(name), Known{kind, now_us});
    for (std::string& each : occupied_names(kind, name)) owners_.insert_or_assign(std::move(each), std::string(name));
}

void MetricNames::release(const std::string& name) {
    const auto known = known_.find(name);  // the last look at `name`, which may lie in what goes
    for (const std::string& each : occupied_names(known->second.kind, name)) owners_.erase(each);
    known_.erase(known);
}

}  // namespace outrigger::fold
