// Where the numbers of a record lie, as drawn in record.h. Only for the files that write, read and test records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shared/record.h"

namespace outrigger::layout {

inline constexpr std::uint8_t version = 1;

inline constexpr std::size_t length = 0;
inline constexpr std::size_t kind = 4;
inline constexpr std::size_t version_at = 5;

// a request
inline constexpr std::size_t status = 6;
inline constexpr std::size_t present = 8;
inline constexpr std::size_t cut = 12;
inline constexpr std::size_t duration = 16;
inline constexpr std::size_t method = 24;
inline constexpr std::size_t priority = 25;
inline constexpr std::size_t route = 26;
inline constexpr std::size_t path = 28;
inline constexpr std::size_t message = 30;
inline constexpr std::size_t request_head = 32;

// a metric
inline constexpr std::size_t metric_kind = 6;
inline constexpr std::size_t metric_tags = 7;
inline constexpr std::size_t metric_cut = 8;
inline constexpr std::size_t metric_name = 12;
inline constexpr std::size_t metric_zero = 14;
inline constexpr std::size_t metric_value = 16;
inline constexpr std::size_t metric_head = 24;

inline constexpr std::size_t tag_head = 4;
inline constexpr std::size_t span_texts = 7;
inline constexpr std::size_t span_tags = 16 + 2 * span_texts;
inline constexpr std::size_t span_head = span_tags + 1;

constexpr std::uint32_t bit(Present field) { return static_cast<std::uint32_t>(field); }
constexpr std::uint32_t bit_if(bool condition, Present field) { return condition ? bit(field) : 0; }

// Bytes between a request's head and its text, for each set of Present bits.
inline constexpr std::uint32_t all_present = (1U << 11) - 1;
inline constexpr auto optional_bytes = [] {
    constexpr std::array<std::uint8_t, 11> sizes = {8, 16, 8, 8, 8, 8, 16, 6, 1, 1, 0};
    std::array<std::uint8_t, all_present + 1> result{};
    for (std::size_t set = 0; set < result.size(); ++set) {
        for (std::size_t field = 0; field < sizes.size(); ++field) {
            if ((set >> field & 1) != 0) result[set] = static_cast<std::uint8_t>(result[set] + sizes[field]);
        }
    }
    return result;
}();

// The route that measure() and write() agree on.
inline std::string_view route_of(const RequestEvent& event) { return event.route.empty() ? "unmatched" : event.route; }

// Without spans no request reaches the record's limit: tags and stack need never go.
static_assert(request_head + optional_bytes[all_present] + limits::route_bytes + limits::path_bytes +
                  limits::message_bytes + limits::error_type_bytes + limits::error_message_bytes +
                  limits::error_stack_bytes +
                  limits::tags * (tag_head + limits::tag_key_bytes + limits::tag_value_bytes) <=
              limits::record_bytes);

}  // namespace outrigger::layout
