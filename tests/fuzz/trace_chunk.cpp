// Any request as a chunk of Datadog's msgpack, unpacked by msgpack's own library: ids, times, texts and tags come back.
#include "agent/sinks/traces/chunk.h"

#include <map>
#include <msgpack.hpp>
#include <string>

#include "shared/methods.h"
#include "shared/trace_ids.h"
#include "shared/utf8.h"
#include "tests/fuzz/kit/any_event.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

using Fields = std::map<std::string, msgpack::object>;

Fields fields_of(const msgpack::object& object) {
    expect(object.type == msgpack::type::MAP, "a span is a map");
    Fields fields;
    for (const auto& [key, value] : std::span(object.via.map.ptr, object.via.map.size))
        expect(fields.emplace(key.as<std::string>(), value).second, "no key comes twice");
    return fields;
}

std::map<std::string, std::string> texts_of(const msgpack::object& object) {
    std::map<std::string, std::string> texts;
    for (const auto& [key, value] : fields_of(object)) {
        texts[key] = value.as<std::string>();
        expect(!key.empty() && !texts[key].empty() && utf8::is_clean(key) && utf8::is_clean(texts[key]),
               "a tag has a key and a value, both clean");
    }
    return texts;
}

void check_span(const Fields& span, const TraceId& trace_id) {
    expect(span.size() == 12, "a span has its twelve fields");
    if (low_half(trace_id) != 0)
        expect(span.at("trace_id").as<std::uint64_t>() == low_half(trace_id), "the trace id comes back");
    expect(span.at("span_id").as<std::uint64_t>() != 0, "a span has an id");
    const auto start = span.at("start").as<std::int64_t>(), duration = span.at("duration").as<std::int64_t>();
    std::int64_t end = 0;
    expect(start >= 0 && duration >= 0 && !__builtin_add_overflow(start, duration, &end), "a span's times are times");
    for (const auto& [key, value] : fields_of(span.at("metrics")))
        expect(value.type == msgpack::type::FLOAT64, "a metric is a float64");
}

void check_error(const std::map<std::string, std::string>& meta, const ErrorInfo& error) {
    for (const auto& [key, text] :
         {std::pair{"error.type", error.type}, {"error.message", error.message}, {"error.stack", error.stack}})
        if (!text.empty()) expect(meta.at(key) == text, "an error comes back");
}

}  // namespace

FUZZ_TARGET(trace_chunk) {
    fuzz::Source source(input);
    auto kept = fuzz::next_request(source);
    if (!kept) return;
    const auto view = RequestView::parse(kept->record);
    expect(view.has_value(), "an encoded event can be read");
    std::vector<char> out;
    expect(traces::append_chunk(out, kept->entry(), {7, "own", "test", "1"}), "a chunk is appended");
    std::vector<char> again;
    traces::append_chunk(again, kept->entry(), {7, "own", "test", "1"});
    expect(out == again, "the same entry gives the same bytes");

    std::size_t used = 0;
    const auto handle = msgpack::unpack(out.data(), out.size(), used);
    expect(used == out.size() && handle->type == msgpack::type::ARRAY, "a chunk is one array");
    expect(handle->via.array.size == 1 + view->spans.size(), "the root and each child");
    const auto root = fields_of(handle->via.array.ptr[0]);
    check_span(root, view->trace_id);
    const auto meta = texts_of(root.at("meta"));
    expect(root.at("resource").as<std::string>() ==
               std::string(method_name(view->method_index)) + " " + std::string(view->route),
           "the resource is method and route");
    expect(meta.at("http.route") == view->route && meta.at("http.status_code") == std::to_string(view->status),
           "route and status come back");
    if (!view->path.empty()) expect(meta.at("http.url") == view->path, "the path comes back");
    if (view->span_id != 0) expect(root.at("span_id").as<std::uint64_t>() == view->span_id, "the span id comes back");
    check_error(meta, view->error);
    for (const Tag tag : view->tags)
        if (!tag.key.empty() && !tag.value.empty() && !tag.key.starts_with("_dd."))
            expect(meta.contains(std::string(tag.key)), "each tag is there");

    std::size_t at = 1;
    for (const SpanView span : view->spans) {
        const auto child = fields_of(handle->via.array.ptr[at++]);
        check_span(child, view->trace_id);
        expect(child.at("parent_id").as<std::uint64_t>() == root.at("span_id").as<std::uint64_t>(),
               "a child has the root");
        if (!span.name.empty()) expect(child.at("name").as<std::string>() == span.name, "a child's name comes back");
        const auto tags = texts_of(child.at("meta"));
        check_error(tags, span.error);
        for (const Tag tag : span.tags)
            if (!tag.key.empty() && !tag.value.empty())
                expect(tags.contains(std::string(tag.key)), "each tag is there");
    }
}
