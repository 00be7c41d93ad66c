// Any events, folded and scraped: both text formats are such that the tests' strict parser takes them, label values
// come back as the app said them, and the sum over the requests is their number.
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "agent/fold/fold.h"
#include "agent/fold/metric_names.h"
#include "agent/sinks/metrics/page.h"
#include "tests/fuzz/kit/any_event.h"
#include "tests/fuzz/kit/target.h"
#include "tests/unit/agent/sinks/metrics/parsed_page.h"

using namespace outrigger;
using fuzz::expect;
using test::LabelSet;

namespace {

// What a custom metric's labels are to be: where keys meet in one label name, any of their values.
std::map<std::string, std::set<std::string>> labels_of(std::string_view service, const TagList& tags) {
    std::map<std::string, std::set<std::string>> labels{{"service", {std::string(service)}}};
    for (const Tag tag : tags) {
        std::string name;
        for (const char c : tag.key) name += std::isalnum(static_cast<unsigned char>(c)) != 0 && c > 0 ? c : '_';
        if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 || name.starts_with("__") ||
            name == "service")
            name.insert(0, "tag_");
        labels[name].emplace(tag.value);
    }
    return labels;
}

bool fits(const LabelSet& found, const std::map<std::string, std::set<std::string>>& labels) {
    return found.size() == labels.size() && std::ranges::all_of(found, [&](const auto& label) {
               const auto wanted = labels.find(label.first);
               return wanted != labels.end() && wanted->second.contains(label.second);
           });
}

class Scene {
  public:
    explicit Scene(fuzz::Source& source) : fold_(settings()) {
        for (std::size_t left = 1 + source.below(4); left > 0; --left) {
            const bool metric = source.flag();
            auto kept = metric ? fuzz::next_metric(source) : fuzz::next_request(source);
            if (!kept || (metric && !names_.admit(*MetricView::parse(kept->record), fuzz::arrival_us))) continue;
            kept->position = entries_.size() + 1;
            entries_.push_back(std::move(*kept));
        }
        fold_.batch_begins();
        for (const auto& each : entries_) fold_.apply(each.entry());
        fold_.batch_ends();
    }

    void check(metrics::Format format) const {
        const bool openmetrics = format == metrics::Format::openmetrics;
        metrics::AgentFacts facts;
        facts.sync_bounds = {.001};
        facts.sync_buckets = {1, 2};
        metrics::Page page(fold_.snapshot(fuzz::arrival_us, openmetrics), settings().names, facts, format);
        std::string text, piece(4096, '\0');
        while (const std::size_t read = page.read(piece)) text.append(piece, 0, read);
        expect(text.size() == page.size(), "a page is as long as was measured");
        const auto parsed = test::parse_page(text, openmetrics);

        double requests = 0;
        for (const auto& each : entries_) {
            if (each.envelope.kind == journal::Kind::metric) {
                check_metric(parsed, each);
            } else {
                ++requests;
                check_request(parsed, each);
            }
        }
        expect(parsed.sum("http_requests_total") == requests, "the requests of a page are those that came");
        expect(parsed.sum("http_request_duration_seconds_count") == requests, "and so are those of its histograms");
    }

  private:
    static fold::FoldSettings settings() {
        fold::FoldSettings settings;
        settings.tag_labels = {"plan", "x_y"};
        settings.buckets = {.1, 1};
        settings.service = "own";
        return settings;
    }
    static std::string service_of(const fuzz::KeptEvent& event) {
        return event.identity && !event.identity->service.empty() ? event.identity->service : "own";
    }

    static void check_request(const test::ParsedPage& page, const fuzz::KeptEvent& event) {
        const auto view = RequestView::parse(event.record);
        LabelSet labels{{"service", service_of(event)},
                        {"method", std::string(view->method)},
                        {"route", std::string(view->route)},
                        {"status", std::to_string(view->status)}};
        for (const Tag tag : view->tags)
            for (const std::string label : {"plan", "x_y"})
                if (tag.key == label) labels[label] = tag.value;  // of a key that comes twice, the last
        std::erase_if(labels, [](const auto& label) { return label.first != "service" && label.second.empty(); });
        expect(page.value("http_requests_total", labels) >= 1, "a request is counted under its labels");
    }

    void check_metric(const test::ParsedPage& page, const fuzz::KeptEvent& event) const {
        const auto view = MetricView::parse(event.record);
        std::string sample(view->name);
        if (view->kind == MetricKind::count && !sample.ends_with("_total")) sample += "_total";
        if (view->kind == MetricKind::histogram) sample += "_count";
        const auto labels = labels_of(service_of(event), view->tags);
        std::size_t found = 0;
        double value = 0;
        for (const auto& [name, family] : page.families)
            for (const auto& each : family.samples)
                if (each.name == sample && fits(each.labels, labels)) {
                    ++found;
                    value = each.value;
                }
        expect(found >= 1, "a metric is there under its labels");
        if (entries_.size() == 1)
            expect(value == (view->kind == MetricKind::histogram ? 1 : view->value), "a metric's value comes back");
    }

    fold::MetricNames names_;
    fold::Fold fold_;
    std::deque<fuzz::KeptEvent> entries_;
};

}  // namespace

FUZZ_TARGET(metrics_text) {
    fuzz::Source source(input);
    const Scene scene(source);
    scene.check(metrics::Format::text);
    scene.check(metrics::Format::openmetrics);
}
