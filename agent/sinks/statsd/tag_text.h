// Names and tag values as StatsD lines can carry them: whatever bytes come in, what goes out has no byte that means
// something to a receiver, is UTF-8, and is at most 200 bytes long. Pure.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::statsd {

inline constexpr std::size_t greatest_text_bytes = 200;  // of a name, a tag key or a tag value

// Control bytes, white space, | , # @ and what is no UTF-8 become _. A colon stays: it is legal in a value, and routes
// have them. Datadog lower-cases tags by itself; we do not, so that they read like the labels of /metrics.
void append_tag_value(std::string& out, std::string_view value);
// One component of a dotted name: what is not a letter, a digit, _ or - becomes _; an empty one is _.
void append_name_part(std::string& out, std::string_view text);

}  // namespace outrigger::statsd
