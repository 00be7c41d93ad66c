#include "shared/methods.h"

#include <array>
#include <cassert>

namespace outrigger {
namespace {

// An index is kept on disk: add at the end, move nothing. The usual ones stand first, where the search begins.
constexpr std::array<std::string_view, method_count> names = {
    "_OTHER",
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PROPFIND",
    "REPORT",
    "SEARCH",
    "QUERY",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PRI",
    "PROPPATCH",
    "REBIND",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
};
static_assert(!names.back().empty());

}  // namespace

std::string_view method_name(std::uint8_t index) noexcept {
    assert(index < names.size());
    return names[index];
}

std::uint8_t to_method(std::string_view name) noexcept {
    for (std::size_t index = 1; index < names.size(); ++index) {
        if (names[index] == name) return static_cast<std::uint8_t>(index);
    }
    return other_method;
}

}  // namespace outrigger
