#include "tests/unit/app/recorded_app.h"

#include <doctest/doctest.h>

namespace outrigger::app {

RecordedApp::RecordedApp(const ServerSettings& settings)
    : server_(settings), routes_(server_.http(), [this](const RequestEvent& event) { keep(event); }) {
    server_.on_arrival(&Instrument::arrived);
    server_.on_head(&Instrument::head_lines);
}

std::vector<KeptEvent> RecordedApp::events() const {
    const std::lock_guard lock{mutex_};
    return events_;
}

KeptEvent RecordedApp::only_event() const {
    const auto kept = events();
    REQUIRE(kept.size() == 1);
    return kept.front();
}

void RecordedApp::keep(const RequestEvent& event) {
    KeptEvent kept{
        .method = std::string{event.method},
        .route = std::string{event.route},
        .path = std::string{event.path},
        .status = event.status,
        .start_us = event.start_us.value_or(-1),
        .duration_us = event.duration_us,
        .request_bytes = event.request_bytes.value_or(-1),
        .response_bytes = event.response_bytes.value_or(-1),
        .client = std::string{event.client},
        .trace_id = event.trace_id,
        .span_id = event.span_id,
        .parent_id = event.parent_id,
        .priority = event.priority,
        .message = std::string{event.message},
        .error_type = std::string{event.error.type},
        .error_message = std::string{event.error.message},
        .error_stack = std::string{event.error.stack},
        .tags = {},
        .spans = {},
    };
    for (const auto& tag : event.tags) kept.tags.emplace_back(tag.key, tag.value);
    for (const auto& span : event.spans) {
        KeptSpan child{std::string{span.name}, span.duration_us, std::string{span.error.type}, {}};
        for (const auto& tag : span.tags) child.tags.emplace(tag.key, tag.value);
        kept.spans.push_back(std::move(child));
    }
    const std::lock_guard lock{mutex_};
    events_.push_back(std::move(kept));
}

}  // namespace outrigger::app
