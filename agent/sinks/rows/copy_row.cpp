#include "agent/sinks/rows/copy_row.h"

#include "agent/sinks/rows/tuple_writer.h"
#include "shared/methods.h"

namespace outrigger::rows {

namespace {

constexpr std::int64_t us_1970_to_2000 = 946'684'800'000'000;
constexpr std::int16_t column_count = 20;

void put_optional(TupleWriter& tuple, const std::optional<std::int64_t>& value) {
    if (value)
        tuple.integer(*value);
    else
        tuple.null();
}

std::string_view first_of(std::string_view own, std::string_view fallback) { return own.empty() ? fallback : own; }

}  // namespace

std::optional<std::int64_t> append_row(std::vector<char>& out, const journal::Entry& entry, const RowContext& context) {
    const auto view = RequestView::parse(entry.payload);
    if (!view) return std::nullopt;
    static const Identity nobody;
    const Identity& who = entry.identity == nullptr ? nobody : *entry.identity;
    const std::string_view service = first_of(who.service, context.service);
    const std::string_view env = first_of(who.env, context.env);
    const std::string_view version = first_of(who.version, context.version);
    const std::string_view method = method_name(view->method_index);
    const std::size_t texts = view->path.size() + view->message.size() + service.size() + env.size() + version.size() +
                              who.host.size() + method.size() + view->route.size() + view->error.type.size();
    TupleWriter tuple(out, texts + column_count * TupleWriter::fixed_bytes + TupleWriter::most_bytes(view->tags),
                      column_count);
    const std::int64_t start_us = start_of(entry.envelope, *view);
    tuple.integer(start_us - us_1970_to_2000);
    tuple.inet(view->client);
    tuple.text(view->path);
    tuple.integer(static_cast<std::int16_t>(view->status));
    tuple.text_or_null(view->message);
    tuple.text(service);
    tuple.text(env);
    tuple.text(version);
    tuple.text_or_null(who.host);
    tuple.text(method);
    tuple.text(view->route);
    tuple.integer(static_cast<std::int64_t>(view->duration_us));
    put_optional(tuple, view->request_bytes);
    put_optional(tuple, view->response_bytes);
    if (view->trace_id == TraceId{})
        tuple.null();
    else
        tuple.bytes(view->trace_id.data(), view->trace_id.size());
    if (view->span_id == 0)
        tuple.null();
    else
        tuple.integer(static_cast<std::int64_t>(view->span_id));
    tuple.text_or_null(view->error.type);
    tuple.jsonb(view->tags);
    tuple.integer(context.agent);
    tuple.integer(static_cast<std::int64_t>(entry.position));
    return start_us;
}

}  // namespace outrigger::rows
