#include "agent/topology/reports.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "agent/books/readiness.h"
#include "agent/http/negotiation.h"
#include "agent/http/page.h"
#include "agent/http/status.h"
#include "shared/utc_clock.h"

namespace outrigger::topology {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto plain_text = "text/plain; charset=utf-8";

// The metrics page, as the door takes it.
class MetricsBody final : public http::BodySource {
  public:
    template <class... Parts>
    explicit MetricsBody(Parts&&... parts) : page_(std::forward<Parts>(parts)...) {}
    std::size_t size() const override { return page_.size(); }
    std::size_t held_bytes() const override { return page_.held_bytes(); }
    std::size_t read(std::span<char> into) override { return page_.read(into); }

  private:
    metrics::Page page_;
};

}  // namespace

std::vector<http::Route> Reports::routes() const {
    return {
        {"/metrics", [this](const http::Request& request) { return metrics(request); }},
        {"/-/healthy", [](const http::Request&) { return http::Response{200, plain_text, "alive\n"}; }},
        {"/-/ready", [this](const http::Request&) { return readiness(); }},
        {"/status", [this](const http::Request& request) { return status(request); }},
        {"/",
         [](const http::Request&) {
             return http::Response{200, std::string(http::page_content_type), http::make_page(OUTRIGGER_VERSION)};
         }},
    };
}

http::Response Reports::metrics(const http::Request& request) const {
    const auto wanted = http::negotiate(request.accept);
    const auto format =
        wanted == http::MetricsFormat::open_metrics ? metrics::Format::openmetrics : metrics::Format::text;
    const auto agent = agent_facts(request.turned_away);  // the books before the copy: both may only grow
    auto snapshot = from_.fold.snapshot(utc_us(), format == metrics::Format::openmetrics);
    const auto names = static_cast<fold::NamingSet>(from_.settings.metric_names);
    return {200,
            std::string(http::content_type(wanted)),
            {},
            std::make_unique<MetricsBody>(std::move(snapshot), names, agent, format)};
}

http::Response Reports::readiness() const {
    const auto journal = from_.journal.status();
    const std::int64_t now = utc_us();
    const auto found = books::problems(from_.book.read(now),
                                       {journal.durable, journal.problem, from_.batch_offered_us.load(relaxed)}, now);
    std::string body = found.empty() ? "ready\n" : "";
    for (const auto& problem : found) body += problem + "\n";
    return {found.empty() ? 200 : 503, plain_text, body};
}

http::Response Reports::status(const http::Request& request) const {
    const auto snapshot = from_.fold.snapshot(utc_us(), false);
    const auto journal = from_.journal.status();
    http::StatusFacts out;
    out.version = OUTRIGGER_VERSION;
    for (const auto& one : from_.effective) out.settings.push_back({one.name, one.value, one.source});
    out.connections = from_.intake.connections.load(relaxed);
    out.emitters = from_.intake.emitters.load(relaxed);
    out.emitters_known = snapshot.emitters;
    for (const auto& each : turned_away(request.turned_away))
        out.turned_away.push_back({each.door, each.reason, each.count});
    out.series = snapshot.series;
    out.max_series = from_.settings.max_series;
    for (const auto& one : snapshot.offenders) out.offenders.push_back({one.name, one.events, one.example});
    out.journal_bytes = journal.bytes;
    out.journal_segments = journal.segments;
    out.journal_position = from_.journal.mark().position;
    out.journal_oldest = journal.oldest_position;
    out.journal_durable = journal.durable;
    out.journal_problem = journal.problem;
    out.sinks = from_.book.read(utc_us());
    return {200, "application/json", http::to_json(out)};
}

std::vector<metrics::TurnedAway> Reports::turned_away(const http::TurnedAway& http) const {
    std::vector<metrics::TurnedAway> out = {
        {"socket", "full", from_.intake.turned_away_full.load(relaxed)},
        {"socket", "not_allowed", from_.intake.turned_away_peer.load(relaxed)},
        {"socket", "bad_language", from_.intake.bad_language.load(relaxed)},
        {"socket", "broken_frame", from_.intake.broken_frames.load(relaxed)},
    };
    for (std::size_t each = 0; each < http.counts.size(); ++each) {
        const auto why = static_cast<http::Away>(each);
        out.push_back({"http", std::string(to_string(why)), http.of(why)});
    }
    return out;
}

metrics::AgentFacts Reports::agent_facts(const http::TurnedAway& http) const {
    metrics::AgentFacts out;
    const auto journal = from_.journal.status();
    out.version = OUTRIGGER_VERSION;
    out.service = from_.settings.service;
    out.env = from_.settings.env;
    out.app_version = from_.settings.version;
    out.lines_received = from_.intake.lines.load(relaxed);
    for (std::size_t i = 0; i < out.refused.size(); ++i) out.refused[i] = from_.intake.refused[i].load(relaxed);
    out.emitters = from_.intake.emitters.load(relaxed);
    out.turned_away = turned_away(http);
    out.rings_drained = from_.intake.rings_drained.load(relaxed);
    out.rings_corrupt = from_.intake.rings_corrupt.load(relaxed);
    out.journal_bytes = journal.bytes;
    out.journal_unread_bytes = journal.unread_bytes;
    out.journal_limit_bytes = from_.settings.journal_size_bytes;
    out.journal_durable = journal.durable;
    out.sync_bounds.assign(journal::journal_sync_bounds.begin(), journal::journal_sync_bounds.end());
    out.sync_buckets.assign(journal.sync_buckets.begin(), journal.sync_buckets.end());
    out.sync_seconds_sum = journal.sync_seconds_sum;
    out.journal_foreign_requests = journal.foreign_requests;
    out.journal_errors = journal.errors;
    for (auto& [op, count] : out.journal_errors)
        if (op == "foreign") count += from_.checkpointer.foreign();
    out.journal_errors.emplace_back("checkpoint", from_.checkpointer.errors());
    out.sinks = from_.book.read(utc_us());
    out.process = metrics::read_process();
    return out;
}

}  // namespace outrigger::topology
