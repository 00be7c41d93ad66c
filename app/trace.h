// Which trace a request belongs to, and which span of it the request is: from its headers, else new; and the headers
// that continue it elsewhere. Called by Instrument, on the connection's thread. Pure but for the ids it draws.
#pragma once

#include <httplib.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/event.h"
#include "shared/trace_ids.h"

namespace outrigger::app {

struct RequestTrace {
    TraceId trace_id{};
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;
    std::optional<std::int8_t> priority;
    std::optional<std::uint64_t> last_datadog_span;  // the tag _dd.parent_id, see shared/trace_context.h
    std::string origin;                              // the tag _dd.origin: synthetics, rum, ...
    std::string propagated_tags;                     // `_dd.p.dm=-4,...`, see shared/propagated_tags.h
};

RequestTrace trace_of(const httplib::Request& request, IdSource& source, std::int64_t unix_seconds);

// What the caller said of the trace, as tags of an event, from which the traces sink makes those of a span. Borrows.
class CallerTags {
  public:
    explicit CallerTags(const RequestTrace& trace);
    CallerTags(const CallerTags&) = delete;
    CallerTags& operator=(const CallerTags&) = delete;

    std::span<const Tag> tags() const { return {tags_.data(), size_}; }

  private:
    static constexpr std::size_t most = 16;
    void add(std::string_view key, std::string_view value);

    std::array<char, 16> last_span_{};
    std::array<Tag, most> tags_;
    std::size_t size_ = 0;
};

// The header that tells a client which trace this was. Sampled unless the client itself said otherwise.
std::array<char, 55> to_traceparent(const RequestTrace& trace);

// The headers of a call to another service, made on behalf of `served`: see shared/outgoing_trace.h.
httplib::Headers to_outgoing_headers(const httplib::Request& served, const RequestTrace& trace);

}  // namespace outrigger::app
