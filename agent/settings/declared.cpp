#include "agent/settings/declared.h"

#include <array>
#include <optional>

#include "agent/settings/masked.h"
#include "agent/settings/values.h"
#include "shared/limits.h"

namespace outrigger::settings {
namespace {

constexpr std::uint64_t least_journal_bytes = 64ULL << 20;

// Puts a value that was read where it belongs; says whether there was one.
template <class Value, class Place>
bool put(std::optional<Value>&& value, Place& place) {
    if (value) place = std::move(*value);
    return value.has_value();
}

template <class Number>
bool put_number(std::string_view text, std::uint64_t least, std::uint64_t most, Number& place) {
    const auto number = to_number(text, least, most);
    if (number) place = static_cast<Number>(*number);
    return number.has_value();
}

template <class Enum>
struct Named {
    std::string_view name;
    Enum value;
};

template <class Enum, std::size_t count>
bool put_named(std::string_view text, const std::array<Named<Enum>, count>& names, Enum& place) {
    for (const auto& [name, value] : names) {
        if (name != text) continue;
        place = value;
        return true;
    }
    return false;
}

template <class Enum, std::size_t count>
std::string show_named(Enum wanted, const std::array<Named<Enum>, count>& names) {
    for (const auto& [name, value] : names) {
        if (value == wanted) return std::string(name);
    }
    return {};
}

constexpr std::array<Named<Durability>, 2> durabilities = {
    {{"fsync", Durability::fsync}, {"process", Durability::process}}};
constexpr std::array<Named<MetricNames>, 3> naming_sets = {
    {{"prometheus", MetricNames::prometheus}, {"otel", MetricNames::otel}, {"flask", MetricNames::flask}}};
constexpr std::array<Named<StatsdDialect>, 2> dialects = {
    {{"dogstatsd", StatsdDialect::dogstatsd}, {"plain", StatsdDialect::plain}}};
constexpr std::array<Named<LogLevel>, 4> levels = {
    {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warn", LogLevel::warn}, {"error", LogLevel::error}}};
constexpr std::array<Named<LogFormat>, 2> formats = {{{"text", LogFormat::text}, {"json", LogFormat::json}}};

bool put_path(std::string_view text, std::optional<std::string>& place) {
    if (text.empty()) return false;
    place = text;
    return true;
}

// Text that every event may carry, held to the limit of what an emitter may say of itself.
bool put_identity(std::string_view text, std::string& place) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    if (text.size() > limits::identity_text_bytes) return false;
    place = text;
    return true;
}

bool put_socket(std::string_view text, Settings& s) {
    // "none" is the demo app's word for "uninstrumented"; as a path it could only be a mistake.
    constexpr std::size_t most = 107;  // sockaddr_un, less its terminating zero
    return text != "none" && text.size() <= most && put_path(text, s.socket);
}

bool put_socket_group(std::string_view text, Settings& s) {
    const auto groups = to_groups(text);
    if (!groups || groups->size() != 1) return false;
    s.socket_group = groups->front();
    return true;
}

bool put_http(std::string_view text, Settings& s) {
    auto address = to_listen_address(text);
    if (!address) return false;
    s.http_host = std::move(address->first);
    s.http_port = address->second;
    return true;
}

bool put_journal_size(std::string_view text, Settings& s) {
    const auto bytes = to_bytes(text);
    return bytes && *bytes >= least_journal_bytes && put(std::optional(*bytes), s.journal_size_bytes);
}

bool put_postgres(std::string_view text, Settings& s) {
    if (text == "off") {
        s.postgres.reset();
        return true;
    }
    return is_postgres(text) && put_path(text, s.postgres);
}

bool put_retention(std::string_view text, Settings& s) {
    const auto days = to_number(text, 1, 36'500);
    if (days) s.row_retention = std::chrono::days(static_cast<int>(*days));
    return days.has_value();
}

bool put_traces_max_age(std::string_view text, Settings& s) {
    const auto age = to_duration(text);
    if (!age || *age < std::chrono::seconds(1) || *age > std::chrono::days(365)) return false;
    s.traces_max_age = *age;
    return true;
}

template <class Target>
bool put_target(std::string_view text, std::optional<Target> (*read)(std::string_view), std::optional<Target>& place) {
    if (text != "off") return put(read(text), place);
    place.reset();
    return true;
}

bool put_tag_labels(std::string_view text, Settings& s) {
    if (text != "none") return put(to_tag_labels(text), s.tag_labels);
    s.tag_labels.clear();
    return true;
}

std::string show_mode(mode_t mode) {
    std::string text = "0";
    for (const unsigned shift : {6U, 3U, 0U}) text += static_cast<char>('0' + ((mode >> shift) & 7U));
    return text;
}

std::string show_http(const Settings& s) {
    const auto host = s.http_host.contains(':') ? "[" + s.http_host + "]" : s.http_host;
    return host + ":" + std::to_string(s.http_port);
}

template <class Target>
std::string show_optional_target(const std::optional<Target>& target) {
    return target ? show_target(*target) : "off";
}

std::string show_list(const std::vector<std::string>& list) {
    std::string text;
    for (const auto& one : list) text.append(text.empty() ? "" : ",").append(one);
    return text.empty() ? "none" : text;
}

constexpr std::string_view ids_accepted = "numbers or names, separated by commas";
constexpr std::string_view identity_accepted = "at most 256 bytes without control characters";

// clang-format off
constexpr std::array table = {
    Declared{"socket", "OUTRIGGER_SOCKET", "PATH", "where emitters connect",
             "a path of at most 107 bytes",
             "agent.sock in the first of /run/outrigger, $XDG_RUNTIME_DIR/outrigger, /dev/shm/outrigger-<uid>", false,
             [](std::string_view text, Settings& s) { return put_socket(text, s); },
             [](const Settings& s) { return s.socket.value_or("searched for"); }},
    Declared{"socket-mode", "OUTRIGGER_SOCKET_MODE", "MODE", "who may connect",
             "an octal mode from 0600 to 0777 that lets the owner read and write", "", false,
             [](std::string_view text, Settings& s) { return put(to_mode(text), s.socket_mode); },
             [](const Settings& s) { return show_mode(s.socket_mode); }},
    Declared{"socket-group", "OUTRIGGER_SOCKET_GROUP", "GROUP", "the group of the socket",
             "the number or name of a group that exists", "the agent's group", false,
             [](std::string_view text, Settings& s) { return put_socket_group(text, s); },
             [](const Settings& s) { return s.socket_group ? std::to_string(*s.socket_group) : "the agent's"; }},
    Declared{"http", "OUTRIGGER_HTTP", "ADDR:PORT", "where metrics, health and status are served",
             "an address and a port, like 127.0.0.1:9464, 0.0.0.0:9464 or [::1]:9464; port 0 is any free one", "", false,
             [](std::string_view text, Settings& s) { return put_http(text, s); },
             [](const Settings& s) { return show_http(s); }},
    Declared{"data-dir", "OUTRIGGER_DATA_DIR", "DIR", "where the journal and the checkpoints live", "a path",
             "/var/lib/outrigger, else $XDG_STATE_HOME/outrigger, else ~/.local/state/outrigger", false,
             [](std::string_view text, Settings& s) { s.data_dir = text; return !text.empty(); },
             [](const Settings& s) { return s.data_dir; }},
    Declared{"config", "OUTRIGGER_CONFIG", "FILE", "a TOML file whose keys are these names", "the path of a file", "", false,
             [](std::string_view text, Settings& s) { return put_path(text, s.config); },
             [](const Settings& s) { return s.config.value_or("none"); }},
    Declared{"journal-size", "OUTRIGGER_JOURNAL_SIZE", "BYTES", "how much disk the journal may take",
             "64MiB or more; bytes, or a whole number of KiB, MiB or GiB", "", false,
             [](std::string_view text, Settings& s) { return put_journal_size(text, s); },
             [](const Settings& s) { return show_bytes(s.journal_size_bytes); }},
    Declared{"durability", "OUTRIGGER_DURABILITY", "MODE", "what an acknowledged event survives: power loss, or a crash of the agent",
             "fsync or process", "", false,
             [](std::string_view text, Settings& s) { return put_named(text, durabilities, s.durability); },
             [](const Settings& s) { return show_named(s.durability, durabilities); }},
    Declared{"postgres", "OUTRIGGER_POSTGRES", "URI", "where rows go",
             "off, or a libpq URI or conninfo that names one database; in a URI, write @ : / ? # of user and password as %40 %3A %2F %3F %23", "", true,
             [](std::string_view text, Settings& s) { return put_postgres(text, s); },
             [](const Settings& s) { return s.postgres ? mask_postgres(*s.postgres) : "off"; }},
    Declared{"postgres-password-file", "OUTRIGGER_POSTGRES_PASSWORD_FILE", "FILE", "a file with the password, read at each connection",
             "a path", "", false,
             [](std::string_view text, Settings& s) { return put_path(text, s.postgres_password_file); },
             [](const Settings& s) { return s.postgres_password_file.value_or("none"); }},
    Declared{"row-retention", "OUTRIGGER_ROW_RETENTION", "DAYS", "how many days of rows are kept",
             "days, a whole number from 1 to 36500", "", false,
             [](std::string_view text, Settings& s) { return put_retention(text, s); },
             [](const Settings& s) { return std::to_string(s.row_retention.count()); }},
    Declared{"statsd", "OUTRIGGER_STATSD", "TARGET", "where StatsD goes; else DD_DOGSTATSD_URL, else DD_AGENT_HOST[:DD_DOGSTATSD_PORT]",
             "off, auto, udp://host:port or unix:///path", "", false,
             [](std::string_view text, Settings& s) { return put_target(text, to_statsd_target, s.statsd); },
             [](const Settings& s) { return show_optional_target(s.statsd); }},
    Declared{"statsd-dialect", "OUTRIGGER_STATSD_DIALECT", "DIALECT", "with tags, or everything in the name",
             "dogstatsd or plain", "", false,
             [](std::string_view text, Settings& s) { return put_named(text, dialects, s.statsd_dialect); },
             [](const Settings& s) { return show_named(s.statsd_dialect, dialects); }},
    Declared{"statsd-names", "OUTRIGGER_STATSD_NAMES", "COUNT,LATENCY", "what the two StatsD metrics are called",
             "two different names of letters, digits, _ and . with a comma between", "", false,
             [](std::string_view text, Settings& s) { return put(to_statsd_names(text), s.statsd_names); },
             [](const Settings& s) { return s.statsd_names.count + "," + s.statsd_names.latency; }},
    Declared{"traces", "OUTRIGGER_TRACES", "URL", "Datadog's agent, for traces; else DD_TRACE_AGENT_URL, else DD_AGENT_HOST[:DD_TRACE_AGENT_PORT]",
             "off, auto, http://host:port or unix:///path", "", false,
             [](std::string_view text, Settings& s) { return put_target(text, to_traces_target, s.traces); },
             [](const Settings& s) { return show_optional_target(s.traces); }},
    Declared{"traces-max-age", "OUTRIGGER_TRACES_MAX_AGE", "DURATION", "older traces are dropped and counted",
             "1s to 365d; a whole number of ms, s, m, h or d", "", false,
             [](std::string_view text, Settings& s) { return put_traces_max_age(text, s); },
             [](const Settings& s) { return show_duration(s.traces_max_age); }},
    Declared{"allow-uids", "OUTRIGGER_ALLOW_UIDS", "LIST", "which users may connect",
             ids_accepted, "everyone whom the socket's mode admits", false,
             [](std::string_view text, Settings& s) { return put(to_users(text), s.allow_uids); },
             [](const Settings& s) { return s.allow_uids ? show_ids(*s.allow_uids) : "everyone"; }},
    Declared{"allow-gids", "OUTRIGGER_ALLOW_GIDS", "LIST", "which groups may connect",
             ids_accepted, "everyone whom the socket's mode admits", false,
             [](std::string_view text, Settings& s) { return put(to_groups(text), s.allow_gids); },
             [](const Settings& s) { return s.allow_gids ? show_ids(*s.allow_gids) : "everyone"; }},
    Declared{"service", "DD_SERVICE", "NAME", "the service of events that bring none", identity_accepted, "", false,
             [](std::string_view text, Settings& s) { return put_identity(text, s.service); },
             [](const Settings& s) { return s.service; }},
    Declared{"env", "DD_ENV", "NAME", "the environment of events that bring none", identity_accepted, "", false,
             [](std::string_view text, Settings& s) { return put_identity(text, s.env); },
             [](const Settings& s) { return s.env; }},
    Declared{"version-tag", "DD_VERSION", "VERSION", "the version of events that bring none", identity_accepted, "", false,
             [](std::string_view text, Settings& s) { return put_identity(text, s.version); },
             [](const Settings& s) { return s.version; }},
    Declared{"metric-names", "OUTRIGGER_METRIC_NAMES", "SET", "how the request metrics are called",
             "prometheus, otel or flask", "", false,
             [](std::string_view text, Settings& s) { return put_named(text, naming_sets, s.metric_names); },
             [](const Settings& s) { return show_named(s.metric_names, naming_sets); }},
    Declared{"max-series", "OUTRIGGER_MAX_SERIES", "N", "label sets beyond this fold into __other__",
             "a whole number from 1 to 10000000", "", false,
             [](std::string_view text, Settings& s) { return put_number(text, 1, 10'000'000, s.max_series); },
             [](const Settings& s) { return std::to_string(s.max_series); }},
    Declared{"buckets", "OUTRIGGER_BUCKETS", "LIST", "upper bounds of the histograms, in seconds",
             "1 to 100 positive finite numbers in ascending order, separated by commas", "", false,
             [](std::string_view text, Settings& s) { return put(to_buckets(text), s.buckets); },
             [](const Settings& s) { return show_buckets(s.buckets); }},
    Declared{"tag-labels", "OUTRIGGER_TAG_LABELS", "LIST", "tags of requests that become labels",
             "none, or up to 32 different label names, separated by commas, other than those that requests, StatsD and histograms have anyway (service, route, status, le, ...)", "", false,
             [](std::string_view text, Settings& s) { return put_tag_labels(text, s); },
             [](const Settings& s) { return show_list(s.tag_labels); }},
    Declared{"max-connections", "OUTRIGGER_MAX_CONNECTIONS", "N", "connections of emitters at a time",
             "a whole number from 1 to 65536", "", false,
             [](std::string_view text, Settings& s) { return put_number(text, 1, 65'536, s.max_connections); },
             [](const Settings& s) { return std::to_string(s.max_connections); }},
    Declared{"log-level", "OUTRIGGER_LOG_LEVEL", "LEVEL", "what is worth a line", "debug, info, warn or error", "", false,
             [](std::string_view text, Settings& s) { return put_named(text, levels, s.log_level); },
             [](const Settings& s) { return show_named(s.log_level, levels); }},
    Declared{"log-format", "OUTRIGGER_LOG_FORMAT", "FORMAT", "how a line looks", "text or json",
             "text when stderr is a terminal, else json", false,
             [](std::string_view text, Settings& s) { return put_named(text, formats, s.log_format); },
             [](const Settings& s) { return show_named(s.log_format, formats); }},
};
// clang-format on

}  // namespace

std::span<const Declared> declared() { return table; }

}  // namespace outrigger::settings
