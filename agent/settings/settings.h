// Every setting of the agent, parsed and valid: whoever holds a Settings need not check it again.
// Made once at start by command_line.h; topology hands each room what that room needs. Plain values, any thread may
// read. The member initialisers are the defaults, and the only place where they are written.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outrigger::settings {

enum class Durability { fsync, process };
enum class MetricNames { prometheus, otel, flask };
enum class LogFormat { text, json };
enum class LogLevel { debug, info, warn, error };
enum class StatsdDialect { dogstatsd, plain };

struct UdpTarget {
    std::string host;  // a name or an address, IPv6 without brackets
    std::uint16_t port = 0;
    bool operator==(const UdpTarget&) const = default;
};

struct HttpTarget {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const HttpTarget&) const = default;
};

struct UnixTarget {
    std::string path;  // absolute, short enough for a socket address
    bool operator==(const UnixTarget&) const = default;
};

using StatsdTarget = std::variant<UdpTarget, UnixTarget>;  // the Unix socket is a datagram one
using TracesTarget = std::variant<HttpTarget, UnixTarget>;

struct StatsdNames {
    std::string count = "request_count";
    std::string latency = "request_latency_seconds";
    bool operator==(const StatsdNames&) const = default;
};

struct Settings {
    std::optional<std::string> socket;  // none: searched for in the usual places
    mode_t socket_mode = 0660;
    std::optional<gid_t> socket_group;    // none: the agent's own
    std::string http_host = "127.0.0.1";  // an IPv4 or IPv6 address, without brackets
    std::uint16_t http_port = 9464;       // 0: any free one
    std::string data_dir;                 // chosen when parsed, see data_dir.h
    std::optional<std::string> config;    // the file that was read
    std::uint64_t journal_size_bytes = 1ULL << 30;
    Durability durability = Durability::fsync;

    std::optional<std::string> postgres;  // a libpq URI or conninfo; SECRET, print it with mask_postgres only
    std::optional<std::string> postgres_password_file;
    std::chrono::days row_retention{30};

    std::optional<StatsdTarget> statsd;
    StatsdDialect statsd_dialect = StatsdDialect::dogstatsd;
    StatsdNames statsd_names;
    std::optional<TracesTarget> traces;
    std::chrono::milliseconds traces_max_age = std::chrono::minutes(10);

    std::optional<std::vector<uid_t>> allow_uids;  // none: everyone whom the socket's mode admits; never empty
    std::optional<std::vector<gid_t>> allow_gids;

    std::string service;  // for events that bring none of their own
    std::string env;
    std::string version;

    MetricNames metric_names = MetricNames::prometheus;
    std::uint32_t max_series = 10'000;
    // Upper bounds in seconds, strictly ascending, positive and finite; the Flask exporter's list.
    std::vector<double> buckets = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
    std::vector<std::string> tag_labels;  // valid label names, no duplicates, none that a request series has anyway
    std::uint32_t max_connections = 1024;

    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;  // the parser makes it json when stderr is no terminal and nothing was said
};

}  // namespace outrigger::settings
