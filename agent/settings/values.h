// Text -> value, for each kind of setting, and back. Pure; none means that the text is not accepted.
// Used by declared.cpp. The whole text must be a value: no white space around it, nothing after it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/settings/settings.h"

namespace outrigger::settings {

std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t least, std::uint64_t most);

// Plain bytes, or a whole number of KiB, MiB or GiB.
std::optional<std::uint64_t> to_bytes(std::string_view text);
std::string show_bytes(std::uint64_t bytes);

// A whole number of ms, s, m, h or d; the unit is required.
std::optional<std::chrono::milliseconds> to_duration(std::string_view text);
std::string show_duration(std::chrono::milliseconds duration);

// 660 or 0660; at most 0777, and the owner may at least read and write.
std::optional<mode_t> to_mode(std::string_view text);

// "127.0.0.1:9464", "[::1]:9464" or "localhost:9464"; port 0 means any. The host comes back without brackets.
std::optional<std::pair<std::string, std::uint16_t>> to_listen_address(std::string_view text);

// udp://host[:8125], unix:///path, unixgram:///path.
std::optional<StatsdTarget> to_statsd_target(std::string_view text);
std::string show_target(const StatsdTarget& target);

// http://host[:8126], unix:///path, http+unix:///path.
std::optional<TracesTarget> to_traces_target(std::string_view text);
std::string show_target(const TracesTarget& target);

// "count,latency": two different metric names.
std::optional<StatsdNames> to_statsd_names(std::string_view text);

// Numbers or names of users (groups), separated by commas.
std::optional<std::vector<uid_t>> to_users(std::string_view text);
std::optional<std::vector<gid_t>> to_groups(std::string_view text);
std::string show_ids(const std::vector<uid_t>& ids);

// Positive, finite, strictly ascending; at most 100.
std::optional<std::vector<double>> to_buckets(std::string_view text);
std::string show_buckets(const std::vector<double>& buckets);

// Label names ([a-zA-Z_][a-zA-Z0-9_]*, no leading __), none twice, none that a request series has anyway; at most 32.
std::optional<std::vector<std::string>> to_tag_labels(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace outrigger::settings
