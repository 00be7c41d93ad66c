// The values of a JSON line, each read as the type its field wants; what is wrong is thrown as Refused and caught by
// the line's parser, the only user. Pure.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/event.h"
#include "shared/protocol.h"

namespace outrigger::intake::json {

using simdjson::dom::element;

std::string_view text(const element& value, std::string_view field);
std::int64_t integer(const element& value, std::string_view field);
double number(const element& value, std::string_view field);
TraceId trace_id(const element& value);                                   // 32 hex digits, either case
std::uint64_t span_id(const element& value, std::string_view field);      // 16 hex digits
std::int8_t priority(const element& value);                               // -1..2
EmitterId emitter_id(const element& value);                               // 32 hex digits, not all zero
std::string identity_text(const element& value, std::string_view field);  // cut to its limit
ErrorInfo error(const element& value, std::string_view field);
// Fills `room` and gives the part that is used; what finds no room is passed over.
std::span<const Tag> tags(const element& value, std::span<Tag> room);

}  // namespace outrigger::intake::json
