#include "agent/intake/json_fields.h"

#include <cmath>

#include "shared/trace_ids.h"
#include "shared/utf8.h"

namespace outrigger::intake::json {

std::string_view text(const element& value, std::string_view field) {
    std::string_view found;
    if (value.get(found)) throw Refused{Refusal::wrong_type, field, "a string"};
    return found;
}

std::int64_t integer(const element& value, std::string_view field) {
    std::int64_t found = 0;
    if (!value.get(found)) return found;
    if (value.is_uint64()) throw Refused{Refusal::out_of_range, field, "an integer below 2^63"};
    throw Refused{Refusal::wrong_type, field, "an integer"};
}

double number(const element& value, std::string_view field) {
    double found = 0;
    if (value.get(found)) throw Refused{Refusal::wrong_type, field, "a number"};
    if (!std::isfinite(found)) throw Refused{Refusal::out_of_range, field, "a finite number"};
    return found;
}

TraceId trace_id(const element& value) {
    const auto id = parse_hex_trace_id(text(value, "trace_id"), HexCase::either);
    if (!id) throw Refused{Refusal::out_of_range, "trace_id", "32 hex digits"};
    return *id;
}

std::uint64_t span_id(const element& value, std::string_view field) {
    const auto id = parse_hex_id(text(value, field), HexCase::either);
    if (!id) throw Refused{Refusal::out_of_range, field, "16 hex digits"};
    return *id;
}

std::int8_t priority(const element& value) {
    const auto found = integer(value, "priority");
    if (found < -1 || found > 2) throw Refused{Refusal::out_of_range, "priority", "-1, 0, 1 or 2"};
    return static_cast<std::int8_t>(found);
}

EmitterId emitter_id(const element& value) {
    const auto id = parse_hex_trace_id(text(value, "emitter"), HexCase::either);  // as long
    if (!id || *id == EmitterId{}) throw Refused{Refusal::bad_hello, "emitter", "32 hex digits, not all zero"};
    return *id;
}

std::string identity_text(const element& value, std::string_view field) {
    const std::string_view found = text(value, field);
    std::string mended(utf8::mended_length(found, limits::identity_text_bytes), '\0');
    utf8::mend(found, limits::identity_text_bytes, mended.data());
    return mended;
}

ErrorInfo error(const element& value, std::string_view field) {
    simdjson::dom::object fields;
    if (value.get(fields)) throw Refused{Refusal::wrong_type, field, "an object of type, message and stack"};
    ErrorInfo info;
    for (const auto [key, part] : fields) {
        if (part.is_null()) continue;
        if (key == "type")
            info.type = text(part, "error.type");
        else if (key == "message")
            info.message = text(part, "error.message");
        else if (key == "stack")
            info.stack = text(part, "error.stack");
    }
    return info;
}

std::span<const Tag> tags(const element& value, std::span<Tag> room) {
    simdjson::dom::object fields;
    if (value.get(fields)) throw Refused{Refusal::wrong_type, "tags", "an object of strings"};
    std::size_t count = 0;
    for (const auto [key, part] : fields) {
        if (part.is_null()) continue;
        const auto found = text(part, "tags");
        if (count < room.size()) room[count++] = {key, found};
    }
    return room.first(count);
}

}  // namespace outrigger::intake::json
