// Any events, folded and scraped: both text formats are such that the tests' strict parser takes them, label values
// come back as the app said them, and the sum over the requests is their number.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/fold/fold.h"
#include "agent/fold/metric_names.h"
#include "agent/sinks/metrics/custom_text.h"
#include "agent/sinks/metrics/page.h"
#include "agent/sinks/metrics/request_text.h"
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

fold::FoldSettings fold_settings() {
    fold::FoldSettings settings;
    settings.tag_labels = {"plan", "x_y"};
    settings.buckets = {.1, 1};
    settings.service = "own";
    return settings;
}

std::string page_text(const fold::Fold& fold, metrics::Format format) {
    metrics::AgentFacts facts;
    facts.sync_bounds = {.001};
    facts.sync_buckets = {1, 2};
    const bool exemplars = format == metrics::Format::openmetrics;
    metrics::Page page(fold.snapshot(fuzz::arrival_us, exemplars), fold_settings().names, facts, format);
    std::string text, piece(4096, '\0');
    while (const std::size_t read = page.read(piece)) text.append(piece, 0, read);
    expect(text.size() == page.size(), "a page is as long as was measured");
    return text;
}

// What a page says of its series, without the agent's own families, which take nine tenths of its time.
std::string series_text(const fold::Fold& fold, metrics::Format format) {
    const bool openmetrics = format == metrics::Format::openmetrics;
    const auto snapshot = fold.snapshot(fuzz::arrival_us, openmetrics);
    std::vector<std::unique_ptr<metrics::Text>> texts;
    metrics::add_requests(texts, snapshot, fold_settings().names, format);
    metrics::add_custom(texts, snapshot, format);
    metrics::Ruler ruler;
    std::string out;
    for (const auto& text : texts)
        for (std::size_t step = 0; step < text->steps(); ++step) {
            text->measure(ruler, step);
            std::string piece(text->most(step), '\0');
            metrics::Pen pen(piece.data());
            text->write(pen, step);
            expect(pen.written() <= piece.size(), "a step is no longer than it said");
            out.append(piece, 0, pen.written());
        }
    expect(out.size() == ruler.written(), "a step is as long as was measured");
    if (openmetrics) out += "# EOF\n";
    return out;
}

// The names that no series' family may have.
std::set<std::string> own_families_of(metrics::Format format) {
    const bool openmetrics = format == metrics::Format::openmetrics;
    const fold::Fold nothing(fold_settings());
    std::set<std::string> names;
    for (const auto& [name, family] : test::parse_page(page_text(nothing, format), openmetrics).families)
        names.insert(name);
    for (const auto& [name, family] : test::parse_page(series_text(nothing, format), openmetrics).families)
        names.erase(name);
    return names;
}

const std::set<std::string>& own_families(metrics::Format format) {
    static const auto of_text = own_families_of(metrics::Format::text),
                      of_openmetrics = own_families_of(metrics::Format::openmetrics);
    return format == metrics::Format::text ? of_text : of_openmetrics;
}

class Scene {
  public:
    Scene(fuzz::Source& source, bool is_whole) : is_whole_(is_whole), fold_(fold_settings()) {
        const auto shape = source.number<std::uint16_t>();
        is_openmetrics_ = (shape >> 2 & 1) != 0;
        for (int left = 1 + shape % 4; left > 0; --left) {
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

    void check() const {
        if (is_whole_ || !is_openmetrics_) check(metrics::Format::text);
        if (is_whole_ || is_openmetrics_) check(metrics::Format::openmetrics);
    }

  private:
    void check(metrics::Format format) const {
        const bool openmetrics = format == metrics::Format::openmetrics;
        const auto text = is_whole_ ? page_text(fold_, format) : series_text(fold_, format);
        const auto parsed = test::parse_page(text, openmetrics);
        if (!is_whole_)
            for (const auto& [name, family] : parsed.families)
                expect(!own_families(format).contains(name), "a series' family is none of the agent's own");

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

    const bool is_whole_;  // both formats, and the agent's own families beside the series
    bool is_openmetrics_ = false;
    fold::MetricNames names_;
    fold::Fold fold_;
    std::deque<fuzz::KeptEvent> entries_;
};

}  // namespace

FUZZ_TARGET(metrics_text) {
    fuzz::Source source(input);
    // One input in 64 pays for whole pages. libFuzzer would choose no others if it could.
    unsigned sum = 0;
    for (const std::byte each : input) sum += std::to_integer<unsigned>(each);
    const Scene scene(source, sum % 64 == 0);
    scene.check();
}
