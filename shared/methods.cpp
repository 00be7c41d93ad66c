#include "shared/methods.h"

#include <array>
#include <cassert>
#include <cstring>

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
static_assert(!names.back().empty() && names[1] == "GET" && names[2] == "POST");

}  // namespace

std::string_view method_name(std::uint8_t index) noexcept {
    assert(index < names.size());
    return names[index];
}

std::uint8_t to_method(std::string_view name) noexcept {
    // the two that make up most traffic, compared without a call
    if (name.size() == 3 && std::memcmp(name.data(), "GET", 3) == 0) return 1;
    if (name.size() == 4 && std::memcmp(name.data(), "POST", 4) == 0) return 2;
    for (std::size_t index = 1; index < names.size(); ++index) {
        if (names[index] == name) return static_cast<std::uint8_t>(index);
    }
    return other_method;
}

}  // namespace outrigger
