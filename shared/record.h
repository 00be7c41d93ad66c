// The one encoding of an event: the same bytes in the ring, on the socket and in the journal. Made once, by measure and
// write (emitter and JSON-lines translator), never rewritten; read in place through bounds-checked views.
// Pure: no clock, no allocation, any thread. All numbers little-endian, no padding, no alignment promised.
//
//   request, version 1                                 metric, version 1
//    0  u32 length   whole record, <= 65,536            0  u32 length
//    4  u8  kind     1                                  4  u8  kind     2
//    5  u8  version  1                                  5  u8  version  1
//    6  u16 status   100..599                           6  u8  metric kind 1 count, 2 gauge, 3 histogram
//    8  u32 present  a bit for each Present             7  u8  tag count
//   12  u32 cut      a bit for each CutField            8  u32 cut
//   16  i64 duration_us                                12  u16 name length
//   24  u8  method   index into methods.h              14  u16 0
//   25  i8  priority -1..2, 0 when not present         16  f64 value
//   26  u16 route length                               24  name, then the tags
//   28  u16 path length
//   30  u16 message length                             a tag: u16 key length, u16 value length, key, value
//   32  those present, in the order of their bits:
//       i64 start_us · u8[16] trace id · u64 span id · u64 parent id · i64 request bytes · i64 response bytes ·
//       u8[16] client (IPv6, or IPv4 as ::ffff:a.b.c.d) ·
//       u16 error type, u16 error message, u16 error stack lengths · u8 tag count · u8 span count
//       then the text: route, path, message, error type, error message, error stack; then tags; then spans
//
//   a span: i64 start_us · i64 duration_us · u16 lengths of name, resource, service, kind, error type, error message,
//           error stack · u8 tag count · the texts in that order · its tags
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "shared/event.h"
#include "shared/limits.h"

namespace outrigger {

using Bytes = std::span<const std::byte>;

enum class RecordKind : std::uint8_t { request = 1, metric = 2 };

enum class Present : std::uint32_t {
    start_us = 1 << 0,
    trace_id = 1 << 1,
    span_id = 1 << 2,
    parent_id = 1 << 3,
    request_bytes = 1 << 4,
    response_bytes = 1 << 5,
    client = 1 << 6,
    error = 1 << 7,
    tags = 1 << 8,
    spans = 1 << 9,
    priority = 1 << 10,
};

// What was cut to a limit or mended on the way in: the label of outrigger_fields_cut_total.
enum class CutField : std::uint8_t {
    method,
    route,
    path,
    message,
    client,
    error_type,
    error_message,
    error_stack,
    tags,
    spans,
    start_us,
    trace_id,
    count_,
};
std::string_view to_string(CutField field);
constexpr std::uint32_t cut_bit(CutField field) { return std::uint32_t{1} << static_cast<unsigned>(field); }

// Why an event or a record is refused. The closed set of the contract.
enum class Refusal : std::uint8_t {
    malformed,
    too_long,
    wrong_type,
    out_of_range,
    missing_field,
    bad_name,
    conflicting_kind,
    bad_hello,
    unexpected,
    count_,
};
std::string_view to_string(Refusal reason);

struct Refused {
    Refusal reason = Refusal::malformed;
    std::string_view field;     // which field; static text
    std::string_view accepted;  // what would be accepted; static text
};

// Encoding, in two passes over the event. measure() normalises on paper: checks ranges, finds what must be cut or
// mended (UTF-8, U+0000, limits; a record beyond 64 KiB loses its last spans, and without spans none is beyond) and
// says how long the record will be. write() then fills exactly `length` bytes. Both take the same event, unchanged
// between the calls.
struct Measured {
    std::uint32_t length = 0;
    std::uint32_t present = 0;  // bits of Present
    std::uint32_t cut = 0;      // bits of CutField
    bool plain = false;         // no text needs mending: write() copies
    std::uint8_t method = 0;    // index into methods.h
    std::uint8_t tags = 0;      // how many are kept
    std::uint8_t spans = 0;
    bool client = false;  // whether client_address is set
    std::array<std::uint8_t, 16> client_address{};
};
std::expected<Measured, Refused> measure(const RequestEvent& event) noexcept;
std::expected<Measured, Refused> measure(const MetricEvent& event) noexcept;
void write(const RequestEvent& event, const Measured& measured, std::byte* out) noexcept;
void write(const MetricEvent& event, const Measured& measured, std::byte* out) noexcept;

// Tags of a record, walked in place; for (Tag tag : view.tags()).
class TagList {
  public:
    class Iterator {
      public:
        Iterator(const std::byte* at, std::size_t left) : at_(at), left_(left) {}
        Tag operator*() const;
        Iterator& operator++();
        bool operator!=(const Iterator& other) const { return left_ != other.left_; }

      private:
        const std::byte* at_;
        std::size_t left_;
    };
    TagList() = default;
    TagList(const std::byte* at, std::size_t count) : at_(at), count_(count) {}
    Iterator begin() const { return {at_, count_}; }
    Iterator end() const { return {nullptr, 0}; }
    std::size_t size() const { return count_; }

  private:
    const std::byte* at_ = nullptr;
    std::size_t count_ = 0;
};

struct SpanView {
    std::string_view name, resource, service, kind;
    std::int64_t start_us = 0;
    std::int64_t duration_us = 0;
    ErrorInfo error;
    TagList tags;
};

class SpanList {
  public:
    class Iterator {
      public:
        Iterator(const std::byte* at, std::size_t left) : at_(at), left_(left) {}
        SpanView operator*() const;
        Iterator& operator++();
        bool operator!=(const Iterator& other) const { return left_ != other.left_; }

      private:
        const std::byte* at_;
        std::size_t left_;
    };
    SpanList() = default;
    SpanList(const std::byte* at, std::size_t count) : at_(at), count_(count) {}
    Iterator begin() const { return {at_, count_}; }
    Iterator end() const { return {nullptr, 0}; }
    std::size_t size() const { return count_; }

  private:
    const std::byte* at_ = nullptr;
    std::size_t count_ = 0;
};

// A request record read in place. parse() walks the whole record once and checks every length, range and limit, UTF-8
// included; afterwards every accessor is unconditional. The views live as long as the bytes.
struct RequestView {
    RequestView() noexcept {}  // not defaulted: that would fill all of it with zeros first, at each record
    static std::expected<RequestView, Refused> parse(Bytes record) noexcept;

    std::uint16_t status = 0;
    std::uint8_t method_index = 0;
    std::uint32_t cut = 0;
    std::int64_t duration_us = 0;
    std::string_view method, route, path, message;
    std::optional<std::int64_t> start_us, request_bytes, response_bytes;
    TraceId trace_id{};           // all zero: none
    std::uint64_t span_id = 0;    // 0: none
    std::uint64_t parent_id = 0;  // 0: none
    std::optional<std::int8_t> priority;
    const std::uint8_t* client = nullptr;  // 16 bytes, or null
    ErrorInfo error;
    TagList tags;
    SpanList spans;
};

struct MetricView {
    static std::expected<MetricView, Refused> parse(Bytes record) noexcept;

    MetricKind kind = MetricKind::count;
    std::uint32_t cut = 0;
    double value = 0;
    std::string_view name;
    TagList tags;
};

// The length a record says it has, from its first four bytes; the caller has at least four.
std::uint32_t record_length(const std::byte* record) noexcept;

}  // namespace outrigger
