#include "agent/sinks/traces/chunk.h"

#include <array>
#include <cassert>
#include <limits>
#include <optional>
#include <string>

#include "agent/sinks/traces/meta.h"
#include "agent/sinks/traces/msgpack.h"
#include "agent/sinks/traces/span_ids.h"
#include "shared/ip_address.h"
#include "shared/limits.h"
#include "shared/methods.h"
#include "shared/trace_ids.h"

namespace outrigger::traces {

namespace {

constexpr std::int64_t second_us = 1'000'000;
// The year 2255: beyond it nanoseconds do not fit.
constexpr std::int64_t last_us = 9'000'000'000 * second_us;

std::string_view first_of(std::string_view own, std::string_view fallback) { return own.empty() ? fallback : own; }

// What all spans of a chunk share.
struct Trace {
    std::string_view service, env, version, language;
    std::uint64_t trace_id = 0;  // the lower half
    std::uint64_t root_id = 0;
    std::array<char, 36> runtime{};
    std::string_view runtime_id;  // empty: no emitter
    std::string_view origin;      // of a trace that began in a browser or a synthetic test
    std::uint32_t pid = 0;
};

struct SpanHead {
    std::string_view service, name, resource, type;
    std::uint64_t trace_id = 0, span_id = 0, parent_id = 0;
    std::int64_t start_us = 0, duration_us = 0;
    bool error = false;
};

std::string_view to_uuid_text(const EmitterId& id, std::array<char, 36>& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::size_t at = 0;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
        text[at++] = digits[id[i] >> 4];
        text[at++] = digits[id[i] & 15];
    }
    return {text.data(), text.size()};
}

// "GET /users/:id"
class Resource {
  public:
    Resource(std::string_view method, std::string_view route) {
        add(method);
        add(" ");
        add(route);
    }
    std::string_view text() const { return {text_.data(), size_}; }

  private:
    void add(std::string_view part) {
        assert(size_ + part.size() <= text_.size());
        size_ += part.copy(text_.data() + size_, text_.size() - size_);
    }

    static constexpr std::size_t most_method_bytes = 31;  // the longest registered one has 17
    std::array<char, most_method_bytes + 1 + limits::route_bytes> text_;
    std::size_t size_ = 0;
};

std::string_view tag_of(const TagList& tags, std::string_view key) {
    for (const Tag tag : tags)
        if (tag.key == key) return tag.value;
    return {};
}

void write_head(Msgpack& out, const SpanHead& span) {
    const std::int64_t start_us = std::clamp<std::int64_t>(span.start_us, 0, last_us);
    const std::int64_t longest_us = std::numeric_limits<std::int64_t>::max() / 1000 - start_us;
    out.map(12);
    out.name("service");
    out.text(span.service);
    out.name("name");
    out.text(span.name);
    out.name("resource");
    out.text(span.resource);
    out.name("type");
    out.text(span.type);
    out.name("trace_id");
    out.unsigned_integer(span.trace_id);
    out.name("span_id");
    out.unsigned_integer(span.span_id);
    out.name("parent_id");
    out.unsigned_integer(span.parent_id);
    out.name("start");
    out.integer(start_us * 1000);
    out.name("duration");
    out.integer(std::clamp<std::int64_t>(span.duration_us, 0, longest_us) * 1000);
    out.name("error");
    out.integer(span.error ? 1 : 0);
}

void set_error(Meta& meta, const ErrorInfo& error) {
    meta.add("error.type", error.type);
    meta.add("error.message", error.message);
    meta.add("error.stack", error.stack);
}

void set_shared(Meta& meta, const Trace& trace) {
    meta.add("env", trace.env);
    meta.add("language", trace.language);
    meta.add("runtime-id", trace.runtime_id);
    meta.add("_dd.origin", trace.origin);
}

void write_metric(Msgpack& out, std::string_view key, double value) {
    out.text(key);
    out.number(value);
}

// The id is what it is; and who decided to keep a trace is the caller's to say only when the caller did.
bool is_ours(std::string_view key, const journal::Envelope& envelope) {
    return key.empty() || key == "_dd.p.tid" ||
           (key == "_dd.p.dm" && (envelope.mechanism >= 0 || envelope.priority <= 0));
}

// Ours to know of a decision that was not the caller's; a caller's own may stand among the tags.
std::string to_decision_maker(const journal::Envelope& envelope) {
    if (envelope.priority <= 0 || envelope.mechanism < 0) return {};
    return "-" + std::to_string(envelope.mechanism);
}

void write_root(Msgpack& out, const journal::Envelope& envelope, const RequestView& view, const Trace& trace,
                std::uint64_t high_trace_id, std::int64_t start_us) {
    const std::string_view method = method_name(view.method_index);
    const Resource resource(method, view.route);
    const bool failed = view.status >= 500 || !view.error.empty();
    write_head(out, {trace.service, "http.request", resource.text(), "web", trace.trace_id, trace.root_id,
                     view.trace_id == TraceId{} ? 0 : view.parent_id, start_us, view.duration_us, failed});

    const auto high = to_hex(high_trace_id);
    const std::string status = std::to_string(view.status);
    const std::string decision_maker = to_decision_maker(envelope);
    std::array<char, ip_text_bytes> address{};
    Meta meta;
    if (high_trace_id != 0) meta.add("_dd.p.tid", {high.data(), high.size()});
    meta.add("_dd.p.dm", decision_maker);
    set_shared(meta, trace);
    meta.add("version", trace.version);
    meta.add("span.kind", "server");
    meta.add("http.method", method);
    meta.add("http.url", view.path);
    meta.add("http.route", view.route);
    meta.add("http.status_code", status);
    if (view.client != nullptr)
        meta.add("http.client_ip", to_text(std::span<const std::uint8_t, 16>(view.client, 16), address));
    set_error(meta, view.error);
    for (const Tag tag : view.tags)
        if (!is_ours(tag.key, envelope)) meta.set(tag.key, tag.value);
    out.name("meta");
    meta.write(out);

    out.name("metrics");
    out.map(2U + (trace.pid != 0 ? 1U : 0U) + (view.request_bytes ? 1U : 0U) + (view.response_bytes ? 1U : 0U));
    write_metric(out, "_sampling_priority_v1", envelope.priority);
    write_metric(out, "_dd.top_level", 1);
    if (trace.pid != 0) write_metric(out, "process_id", trace.pid);
    if (view.request_bytes) write_metric(out, "http.request.body.size", static_cast<double>(*view.request_bytes));
    if (view.response_bytes) write_metric(out, "http.response.body.size", static_cast<double>(*view.response_bytes));
}

void write_child(Msgpack& out, const SpanView& span, const Trace& trace, std::uint64_t span_id,
                 std::int64_t root_start_us) {
    const std::string_view service = first_of(span.service, trace.service);
    const bool top_level = service != trace.service;
    const std::string_view name = first_of(span.name, "span");
    write_head(out, {service, name, first_of(span.resource, name), "", trace.trace_id, span_id, trace.root_id,
                     span.start_us > 0 ? span.start_us : root_start_us, span.duration_us, !span.error.empty()});
    Meta meta;
    set_shared(meta, trace);
    // The version is that of the service itself; another one's is not known.
    meta.add(top_level ? "_dd.base_service" : "version", top_level ? trace.service : trace.version);
    meta.add("span.kind", first_of(span.kind, "internal"));
    set_error(meta, span.error);
    meta.set(span.tags);
    out.name("meta");
    meta.write(out);
    out.name("metrics");
    out.map((top_level ? 1U : 0U) + (trace.pid != 0 ? 1U : 0U));
    if (top_level) write_metric(out, "_dd.top_level", 1);
    if (trace.pid != 0) write_metric(out, "process_id", trace.pid);
}

}  // namespace

bool append_chunk(std::vector<char>& out, const journal::Entry& entry, const ChunkContext& context) {
    const auto view = RequestView::parse(entry.payload);
    if (!view) return false;
    static const Identity nobody;
    const Identity& who = entry.identity == nullptr ? nobody : *entry.identity;
    const std::int64_t start_us = start_of(entry.envelope, *view);
    const auto id = [&](std::uint64_t which) { return id_of(context.seed, entry.position, which); };

    Trace trace;
    trace.service = first_of(first_of(who.service, context.service), nameless_service);
    trace.env = first_of(who.env, context.env);
    trace.version = first_of(who.version, context.version);
    trace.language = who.language;
    trace.pid = who.pid;
    if (who.emitter != EmitterId{}) trace.runtime_id = to_uuid_text(who.emitter, trace.runtime);
    trace.origin = tag_of(view->tags, "_dd.origin");
    trace.trace_id = low_half(view->trace_id) != 0 ? low_half(view->trace_id) : id(0);
    trace.root_id = view->span_id != 0 ? view->span_id : id(1);
    const bool own_trace = view->trace_id == TraceId{};
    const std::uint64_t high_trace_id =
        own_trace ? static_cast<std::uint64_t>(start_us / second_us) << 32 : high_half(view->trace_id);

    Msgpack pack(out);
    pack.array(1 + view->spans.size());
    write_root(pack, entry.envelope, *view, trace, high_trace_id, start_us);
    std::uint64_t which = 2;
    for (const SpanView span : view->spans) {
        std::uint64_t span_id = id(which++);
        if (span_id == trace.root_id) span_id = id(which + limits::spans);
        write_child(pack, span, trace, span_id, start_us);
    }
    return true;
}

}  // namespace outrigger::traces
