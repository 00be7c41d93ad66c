#include "agent/sinks/metrics/page.h"

#include <doctest/doctest.h>

#include "agent/fold/fold.h"
#include "agent/sinks/metrics/own_families.h"
#include "tests/unit/agent/fold/entries.h"
#include "tests/unit/agent/sinks/metrics/parsed_page.h"

using namespace outrigger;
using fold::NamingSet;
using metrics::AgentFacts;
using metrics::Format;
using test::LabelSet;

namespace {

std::string read_all(metrics::Page& page, std::size_t piece_bytes) {
    std::string out, piece(piece_bytes, '\0');
    while (const std::size_t read = page.read(piece)) out.append(piece, 0, read);
    CHECK(out.size() == page.size());
    return out;
}

// Two services, an error, odd label values, an exemplar, and a custom metric of each kind.
struct Scene {
    test::Entries entries;
    AgentFacts facts;

    Scene() {
        const auto* shop = entries.emitter(1);
        const auto* cart = entries.emitter(2, "ca\"rt");
        TraceId trace_id{};
        trace_id[0] = 0xAB;
        trace_id[15] = 0x01;
        entries.request({.route = "/a", .duration_us = 4'000, .trace_id = trace_id}, shop, 1);
        entries.request({.route = "/a", .duration_us = 300'000}, shop, 2);
        entries.request({.route = "/b", .status = 500, .duration_us = 20'000'000, .error_type = "E"}, shop, 3);
        entries.request({.route = "/b\n\\", .duration_us = 1'000}, cart, 1);
        entries.metric(MetricKind::count, "orders", 3, {{"plan", "pro"}}, shop, 4);
        entries.metric(MetricKind::count, "paid_total", 2.5, {}, shop, 5);
        entries.metric(MetricKind::gauge, "queue", -7, {}, shop, 6);
        entries.metric(MetricKind::histogram, "size", .3, {}, shop, 7);
        facts.version = "1.2.3";
        facts.service = "ours";
        facts.sync_bounds = {.001, .01};
        facts.sync_buckets = {3, 2, 1};
        facts.sync_seconds_sum = .5;
        facts.journal_errors = {{"write", 0}, {"checkpoint", 2}};
        facts.refused[static_cast<std::size_t>(Refusal::malformed)] = 4;
        facts.turned_away = {{"http", "slow", 6}, {"socket", "full", 0}};
        facts.rings_corrupt = 1;
        books::Page page;
        page.sink = "rows";
        page.on = true;
        page.cursor.delivered = 7;
        page.cursor.dropped[static_cast<std::size_t>(books::SinkDrop::refused_by_database)] = 2;
        page.balance = {10, 1, 0};
        page.health.up = true;
        page.lag_seconds = 1.5;
        facts.sinks.push_back(page);
        books::Page off;
        off.sink = "statsd";
        facts.sinks.push_back(off);
    }

    test::ParsedPage page(NamingSet names, Format format) {
        fold::FoldSettings settings;
        settings.names = names;
        fold::Fold fold(settings);
        test::apply(fold, entries.all());
        metrics::Page page(fold.snapshot(entries.now_us, format == Format::openmetrics), names, facts, format);
        return test::parse_page(read_all(page, 256UL * 1024), format == Format::openmetrics);
    }
};

}  // namespace

TEST_CASE("every naming set gives a page that both formats allow, with help for each family") {
    Scene scene;
    for (const auto names : {NamingSet::prometheus, NamingSet::otel, NamingSet::flask}) {
        for (const auto format : {Format::text, Format::openmetrics}) {
            const auto page = scene.page(names, format);
            for (const auto& [name, family] : page.families) {
                CAPTURE(name);
                CHECK_FALSE(family.help.empty());
                CHECK_FALSE(family.samples.empty());
            }
        }
    }
}

TEST_CASE("an empty agent's page is one that both formats allow") {
    for (const auto format : {Format::text, Format::openmetrics}) {
        const fold::Fold fold({});
        metrics::Page made(fold.snapshot(0, true), NamingSet::prometheus, {}, format);
        const auto page = test::parse_page(read_all(made, 4096), format == Format::openmetrics);
        CHECK(page.value("outrigger_events_accepted_total", {{"type", "request"}}) == 0);
        CHECK(page.value("app_info", {{"service", ""}, {"env", ""}, {"version", ""}}) == 1);
    }
}

TEST_CASE("a page is the same whatever the size of its pieces, and as long as was measured") {
    Scene scene;
    for (int each = 0; each < 300; ++each)
        scene.entries.request({.route = "/many/" + std::to_string(each), .duration_us = each * 7'919LL * each});
    for (const auto names : {NamingSet::prometheus, NamingSet::otel, NamingSet::flask}) {
        for (const auto format : {Format::text, Format::openmetrics}) {
            fold::FoldSettings settings;
            settings.names = names;
            fold::Fold fold(settings);
            test::apply(fold, scene.entries.all());
            const auto read_by = [&](std::size_t piece_bytes) {
                metrics::Page page(fold.snapshot(scene.entries.now_us, true), names, scene.facts, format);
                return read_all(page, piece_bytes);
            };
            const std::string whole = read_by(1UL << 20);
            CHECK(whole.size() > 300'000);
            for (const std::size_t piece_bytes : {1UL, 99UL, 4096UL, 65'536UL}) CHECK(read_by(piece_bytes) == whole);
        }
    }
}

TEST_CASE("a page says what memory it takes: its numbers, not its text") {
    Scene scene;
    fold::Fold fold({});
    for (int each = 0; each < 1000; ++each) scene.entries.request({.route = "/many/" + std::to_string(each)});
    test::apply(fold, scene.entries.all());
    const metrics::Page page(fold.snapshot(scene.entries.now_us, true), NamingSet::prometheus, scene.facts,
                             Format::text);
    CHECK(page.held_bytes() > 1000UL * 18 * sizeof(std::uint64_t));
    CHECK(page.held_bytes() < page.size() / 5);
}

TEST_CASE("the prometheus set: counts, durations and exceptions by service, method, route and status") {
    Scene scene;
    const auto page = scene.page(NamingSet::prometheus, Format::text);
    const LabelSet a = {{"service", "shop"}, {"method", "GET"}, {"route", "/a"}, {"status", "200"}};
    const LabelSet b = {{"service", "shop"}, {"method", "GET"}, {"route", "/b"}, {"status", "500"}};
    const LabelSet odd = {{"service", "ca\"rt"}, {"method", "GET"}, {"route", "/b\n\\"}, {"status", "200"}};
    CHECK(page.value("http_requests_total", a) == 2);
    CHECK(page.value("http_requests_total", odd) == 1);
    CHECK(page.value("http_request_exceptions_total", b) == 1);
    CHECK(page.value("http_request_exceptions_total", a) == 0);
    CHECK(page.value("http_request_duration_seconds_sum", a) == .304);
    CHECK(page.value("http_request_duration_seconds_count", b) == 1);
    auto bucket = a;
    bucket["le"] = "0.25";
    CHECK(page.value("http_request_duration_seconds_bucket", bucket) == 1);
    bucket["le"] = "1";
    CHECK(page.value("http_request_duration_seconds_bucket", bucket) == 2);
    CHECK(page.sum("http_requests_total") == page.value("outrigger_events_accepted_total", {{"type", "request"}}));
}

TEST_CASE("the otel set has the histogram alone, under its own label names") {
    Scene scene;
    const auto page = scene.page(NamingSet::otel, Format::text);
    CHECK(page.value("http_server_request_duration_seconds_count", {{"service_name", "shop"},
                                                                    {"http_request_method", "GET"},
                                                                    {"http_route", "/a"},
                                                                    {"http_response_status_code", "200"}}) == 2);
    CHECK_FALSE(page.has("http_requests_total"));
    CHECK_FALSE(page.has("http_request_exceptions_total"));
}

TEST_CASE("the flask set counts without the path, and its histogram has it") {
    Scene scene;
    scene.entries.request({.route = "/c", .duration_us = 1}, scene.entries.emitter(3), 1);
    const auto page = scene.page(NamingSet::flask, Format::text);
    const LabelSet shop = {{"service", "shop"}, {"method", "GET"}, {"status", "200"}};
    CHECK(page.value("flask_http_request_total", shop) == 3);
    CHECK(page.value("flask_http_request_exceptions_total",
                     {{"service", "shop"}, {"method", "GET"}, {"status", "500"}}) == 1);
    CHECK(page.value("flask_http_request_duration_seconds_count",
                     {{"service", "shop"}, {"method", "GET"}, {"path", "/c"}, {"status", "200"}}) == 1);
    CHECK(page.sum("flask_http_request_total") == 5);
}

TEST_CASE("OpenMetrics carries the exemplar on its bucket, and bounds as canonical floats") {
    Scene scene;
    const auto page = scene.page(NamingSet::prometheus, Format::openmetrics);
    int exemplars = 0;
    bool has_canonical = false;
    for (const auto& sample : page.families.at("http_request_duration_seconds").samples) {
        has_canonical |= sample.labels.contains("le") && sample.labels.at("le") == "1.0";
        if (!sample.exemplar) continue;
        ++exemplars;
        CHECK(sample.labels.at("le") == "0.005");
        CHECK(sample.exemplar->at("trace_id") == "ab000000000000000000000000000001");
        CHECK(sample.exemplar_value == .004);
    }
    CHECK(exemplars == 1);
    CHECK(has_canonical);
    CHECK(page.value("http_requests_total",
                     {{"service", "shop"}, {"method", "GET"}, {"route", "/a"}, {"status", "200"}}) == 2);
}

TEST_CASE("custom metrics stand under their own names; a count ends with _total once") {
    Scene scene;
    const auto page = scene.page(NamingSet::prometheus, Format::text);
    CHECK(page.value("orders_total", {{"service", "shop"}, {"plan", "pro"}}) == 3);
    CHECK(page.value("paid_total", {{"service", "shop"}}) == 2.5);
    CHECK(page.value("queue", {{"service", "shop"}}) == -7);
    CHECK(page.value("size_bucket", {{"service", "shop"}, {"le", "0.25"}}) == 0);
    CHECK(page.value("size_bucket", {{"service", "shop"}, {"le", "0.5"}}) == 1);
    CHECK(page.value("size_sum", {{"service", "shop"}}) == .3);
    CHECK(scene.page(NamingSet::prometheus, Format::openmetrics).has("orders"));
}

TEST_CASE("the agent's own families say what fold, journal and sinks know; sinks that are off are not shown") {
    Scene scene;
    const auto page = scene.page(NamingSet::prometheus, Format::text);
    CHECK(page.value("outrigger_build_info", {{"version", "1.2.3"}}) == 1);
    CHECK(page.value("app_info", {{"service", "shop"}, {"env", ""}, {"version", ""}}) == 1);
    CHECK(page.value("app_info", {{"service", "ours"}, {"env", ""}, {"version", ""}}) == 1);
    CHECK(page.value("outrigger_events_accepted_total", {{"type", "metric"}}) == 4);
    CHECK(page.value("outrigger_events_refused_total", {{"reason", "malformed"}}) == 4);
    CHECK(page.value("outrigger_emitter_dropped_events_total", {{"reason", "torn"}}) == 0);
    CHECK(page.value("outrigger_emitters_forgotten_total") == 0);
    CHECK(page.value("outrigger_orphan_rings_total", {{"result", "corrupt"}}) == 1);
    CHECK(page.value("outrigger_turned_away_total", {{"door", "http"}, {"reason", "slow"}}) == 6);
    CHECK(page.value("outrigger_turned_away_total", {{"door", "socket"}, {"reason", "full"}}) == 0);
    CHECK(page.value("outrigger_journal_errors_total", {{"op", "checkpoint"}}) == 2);
    CHECK(page.value("outrigger_journal_sync_seconds_count") == 6);
    CHECK(page.value("outrigger_journal_sync_seconds_bucket", {{"le", "0.01"}}) == 5);
    CHECK(page.value("outrigger_series") == 7);
    CHECK(page.value("outrigger_series_overflow_total", {{"label", "route"}}) == 0);
    CHECK(page.value("outrigger_sink_accepted_events_total", {{"sink", "rows"}}) == 10);
    CHECK(page.value("outrigger_sink_delivered_events_total", {{"sink", "rows"}}) == 7);
    CHECK(page.value("outrigger_sink_dropped_events_total", {{"sink", "rows"}, {"reason", "refused_by_database"}}) ==
          2);
    CHECK(page.value("outrigger_sink_dropped_events_total", {{"sink", "rows"}, {"reason", "journal_full"}}) == 0);
    CHECK(page.value("outrigger_sink_pending_events", {{"sink", "rows"}}) == 1);
    CHECK(page.value("outrigger_sink_up", {{"sink", "rows"}}) == 1);
    CHECK(page.value("outrigger_sink_lag_seconds", {{"sink", "rows"}}) == 1.5);
    CHECK(page.value("outrigger_books_difference", {{"sink", "rows"}}) == 0);
    CHECK_THROWS(page.value("outrigger_sink_up", {{"sink", "statsd"}}));
}

TEST_CASE("the process says of itself what the kernel says of it") {
    const auto process = metrics::read_process();
    CHECK(process.resident_bytes > 1e6);
    CHECK(process.virtual_bytes >= process.resident_bytes);
    CHECK(process.open_descriptors >= 3);
    CHECK(process.greatest_descriptors >= process.open_descriptors);
    CHECK(process.threads >= 1);
    CHECK(process.start_seconds > 1'600'000'000);
    CHECK(metrics::process_families(process).size() == 7);
}
