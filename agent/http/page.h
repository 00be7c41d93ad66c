// The page for people at `/`: what this is, where to look, and the sinks as /status tells them.
// Pure; nothing is fetched from elsewhere. Called by whoever builds the routes.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::http {

inline constexpr std::string_view page_content_type = "text/html; charset=utf-8";

// HTML that asks `status` again every few seconds. The version is escaped.
[[nodiscard]] std::string make_page(std::string_view version);

// Text for HTML content and quoted attributes.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace outrigger::http
