// Every limit that both processes must agree on. Lengths are bytes of UTF-8. Checked before use on each side: the
// emitter cuts to them, the agent refuses a record beyond them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace outrigger::limits {

inline constexpr std::size_t record_bytes = 65'536;  // a whole record, its head included
inline constexpr std::size_t line_bytes = 65'536;    // a JSON line, its newline not counted

inline constexpr std::size_t route_bytes = 256;
inline constexpr std::size_t path_bytes = 2'048;
inline constexpr std::size_t message_bytes = 4'096;
inline constexpr std::size_t error_type_bytes = 4'096;
inline constexpr std::size_t error_message_bytes = 4'096;
inline constexpr std::size_t error_stack_bytes = 16'384;
inline constexpr std::size_t tags = 32;
inline constexpr std::size_t tag_key_bytes = 64;
inline constexpr std::size_t tag_value_bytes = 256;
inline constexpr std::size_t spans = 64;
inline constexpr std::size_t span_text_bytes = 256;      // name, resource, service, kind of a child span
inline constexpr std::size_t identity_text_bytes = 256;  // service, env, version, host, language of a hello
inline constexpr std::size_t metric_name_bytes = 256;
inline constexpr std::size_t ring_name_bytes = 64;
inline constexpr std::size_t refusal_detail_bytes = 512;

inline constexpr std::uint64_t gap_events = std::uint64_t{1} << 32;   // a greater gap is a bad hello
inline constexpr std::uint64_t last_number = std::uint64_t{1} << 62;  // numbers beyond are a bad hello

inline constexpr std::size_t rings = 256;
inline constexpr std::size_t rings_of_one_uid = 64;

}  // namespace outrigger::limits
