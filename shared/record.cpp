#include "shared/record.h"

#include <array>

#include "shared/little_endian.h"
#include "shared/record_layout.h"

namespace outrigger {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(CutField::count_)> cut_fields = {
    "method",        "route",       "path", "message", "client",   "error_type",
    "error_message", "error_stack", "tags", "spans",   "start_us", "trace_id",
};
static_assert(!cut_fields.back().empty());

constexpr std::array<std::string_view, static_cast<std::size_t>(Refusal::count_)> refusals = {
    "malformed", "too_long",         "wrong_type", "out_of_range", "missing_field",
    "bad_name",  "conflicting_kind", "bad_hello",  "unexpected",
};
static_assert(!refusals.back().empty());

template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::size_t index) {
    return index < N ? names[index] : std::string_view("unknown");
}

}  // namespace

std::string_view to_string(CutField field) { return name_at(cut_fields, static_cast<std::size_t>(field)); }
std::string_view to_string(Refusal reason) { return name_at(refusals, static_cast<std::size_t>(reason)); }

std::uint32_t record_length(const std::byte* record) noexcept { return load<std::uint32_t>(record + layout::length); }

}  // namespace outrigger
