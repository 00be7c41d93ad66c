// The traveller: what an app says of one request, or of one metric of its own. Text is borrowed, never owned.
// Made by the app (and by the JSON-lines translator); record.h turns it into bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace outrigger {

using TraceId = std::array<std::uint8_t, 16>;  // big-endian, as its 32 hex digits are written; all zero: none

struct Tag {
    std::string_view key;
    std::string_view value;
};

struct ErrorInfo {
    std::string_view type;
    std::string_view message;
    std::string_view stack;

    bool empty() const { return type.empty() && message.empty() && stack.empty(); }
};

// A child span of the request: something it waited for.
struct Span {
    std::string_view name;
    std::string_view resource;
    std::string_view service;   // empty: the emitter's
    std::string_view kind;      // client, internal, ...
    std::int64_t start_us = 0;  // UTC, microseconds since 1970
    std::int64_t duration_us = 0;
    ErrorInfo error;
    std::span<const Tag> tags;
};

struct RequestEvent {
    std::string_view method;                     // a registered HTTP method in upper case; anything else becomes _OTHER
    std::string_view route;                      // the template, /users/:id; empty becomes "unmatched"
    std::string_view path;                       // as requested, with its query string
    int status = 0;                              // 100..599
    std::int64_t duration_us = 0;                // >= 0
    std::optional<std::int64_t> start_us;        // UTC, microseconds since 1970; none: arrival - duration
    std::optional<std::int64_t> request_bytes;   // >= 0
    std::optional<std::int64_t> response_bytes;  // >= 0
    std::string_view client;                     // an IP address as text; empty: unknown
    TraceId trace_id{};
    std::uint64_t span_id = 0;            // 0: none
    std::uint64_t parent_id = 0;          // 0: a root
    std::optional<std::int8_t> priority;  // -1..2, as the caller sent it
    std::string_view message;
    ErrorInfo error;
    std::span<const Tag> tags;
    std::span<const Span> spans;
};

enum class MetricKind : std::uint8_t { count = 1, gauge = 2, histogram = 3 };

struct MetricEvent {
    MetricKind kind = MetricKind::count;
    std::string_view name;  // [a-zA-Z_][a-zA-Z0-9_]*
    double value = 0;       // finite; of a count >= 0
    std::span<const Tag> tags;
};

}  // namespace outrigger
