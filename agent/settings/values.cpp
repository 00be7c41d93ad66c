#include "agent/settings/values.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "shared/limits.h"

namespace outrigger::settings {
namespace {

constexpr std::size_t most_buckets = 100;

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<Unit, 3> size_units = {{{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};
// "ms" stands before "s" and "m": the first whose name ends the text is the unit.
constexpr std::array<Unit, 5> time_units = {
    {{"ms", 1}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};

constexpr std::array<std::string_view, 14> reserved_labels = {
    "service",      "method",
    "route",        "status",
    "path",         "endpoint",
    "env",          "version",
    "le",           "quantile",
    "http_route",   "http_request_method",
    "service_name", "http_response_status_code",
};

bool is_name(std::string_view text, std::string_view also = "") {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto later = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || also.find(c) != also.npos; };
    return !text.empty() && text.size() <= limits::tag_key_bytes && letter(text.front()) &&
           std::ranges::all_of(text, later);
}

std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Unit> units, std::uint64_t most) {
    std::uint64_t factor = 1;
    for (const auto& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        factor = unit.factor;
        text.remove_suffix(unit.name.size());
        break;
    }
    const auto number = to_number(text, 0, most / factor);
    if (!number) return {};
    return *number * factor;
}

bool is_address(int family, const std::string& text) {
    in6_addr address{};
    return inet_pton(family, text.c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_';
    };
    return !text.empty() && text.size() <= 253 && text.front() != '-' && std::ranges::all_of(text, allowed);
}

// host, host:port or [v6]:port -> host without brackets, port. The host is a name or an address.
std::optional<std::pair<std::string, std::uint16_t>> to_host_and_port(std::string_view text,
                                                                      std::optional<std::uint16_t> default_port,
                                                                      std::uint16_t least) {
    std::string host;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return {};
        host = text.substr(1, end - 1);
        if (!is_address(AF_INET6, host)) return {};
        text.remove_prefix(end + 1);
    } else {
        host = text.substr(0, text.find(':'));
        if (!is_host_name(host)) return {};
        text.remove_prefix(host.size());
    }
    if (text.empty() && default_port) return std::pair{host, *default_port};
    if (!text.starts_with(':')) return {};
    const auto port = to_number(text.substr(1), least, 65'535);
    if (!port) return {};
    return std::pair{host, static_cast<std::uint16_t>(*port)};
}

std::optional<UnixTarget> to_unix_target(std::string_view path) {
    constexpr std::size_t most = 107;  // sockaddr_un, less its terminating zero
    if (!path.starts_with('/') || path.size() < 2 || path.size() > most) return {};
    return UnixTarget{std::string(path)};
}

std::string show_host(const std::string& host, std::uint16_t port) {
    return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

template <class Id, class Look>
std::optional<std::vector<Id>> to_ids(std::string_view text, Look look) {
    std::vector<Id> ids;
    for (const auto part : split(text, ',')) {
        // The greatest id is -1, which chown and friends take for "none".
        if (const auto number = to_number(part, 0, 0xffff'fffe)) {
            ids.push_back(static_cast<Id>(*number));
        } else if (const std::optional<Id> found = look(std::string(part))) {
            ids.push_back(*found);
        } else {
            return {};
        }
    }
    return ids;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) return {};
    return number;
}

std::optional<std::uint64_t> to_bytes(std::string_view text) {
    return scaled(text, size_units, static_cast<std::uint64_t>(INT64_MAX));
}

std::string show_bytes(std::uint64_t bytes) {
    for (const auto& unit : size_units) {
        if (bytes != 0 && bytes % unit.factor == 0) return std::to_string(bytes / unit.factor).append(unit.name);
    }
    return std::to_string(bytes);
}

std::optional<std::chrono::milliseconds> to_duration(std::string_view text) {
    const auto ends = [&](const Unit& unit) { return text.ends_with(unit.name); };
    if (std::ranges::none_of(time_units, ends)) return {};
    const auto milliseconds = scaled(text, time_units, static_cast<std::uint64_t>(INT64_MAX));
    if (!milliseconds) return {};
    return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::string show_duration(std::chrono::milliseconds duration) {
    const auto count = static_cast<std::uint64_t>(duration.count());
    for (const auto& unit : {time_units[1], time_units[2], time_units[3], time_units[4]}) {
        if (count != 0 && count % unit.factor == 0) return std::to_string(count / unit.factor).append(unit.name);
    }
    return std::to_string(count) + "ms";
}

std::optional<mode_t> to_mode(std::string_view text) {
    mode_t mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() > 4) return {};
    if (mode > 0777 || (mode & 0600) != 0600) return {};
    return mode;
}

std::optional<std::pair<std::string, std::uint16_t>> to_listen_address(std::string_view text) {
    auto address = to_host_and_port(text, {}, 0);
    if (!address) return {};
    if (address->first == "localhost") address->first = "127.0.0.1";
    if (!is_address(AF_INET, address->first) && !is_address(AF_INET6, address->first)) return {};
    return address;
}

std::optional<StatsdTarget> to_statsd_target(std::string_view text) {
    for (const std::string_view scheme : {"unix://", "unixgram://"}) {
        if (text.starts_with(scheme)) return to_unix_target(text.substr(scheme.size()));
    }
    if (!text.starts_with("udp://")) return {};
    auto address = to_host_and_port(text.substr(6), 8125, 1);
    if (!address) return {};
    return UdpTarget{std::move(address->first), address->second};
}

std::string show_target(const StatsdTarget& target) {
    if (const auto* local = std::get_if<UnixTarget>(&target)) return "unix://" + local->path;
    const auto& udp = std::get<UdpTarget>(target);
    return "udp://" + show_host(udp.host, udp.port);
}

std::optional<TracesTarget> to_traces_target(std::string_view text) {
    for (const std::string_view scheme : {"unix://", "http+unix://"}) {
        if (text.starts_with(scheme)) return to_unix_target(text.substr(scheme.size()));
    }
    if (!text.starts_with("http://")) return {};
    text.remove_prefix(7);
    if (text.ends_with('/')) text.remove_suffix(1);
    auto address = to_host_and_port(text, 8126, 1);
    if (!address) return {};
    return HttpTarget{std::move(address->first), address->second};
}

std::string show_target(const TracesTarget& target) {
    if (const auto* local = std::get_if<UnixTarget>(&target)) return "unix://" + local->path;
    const auto& http = std::get<HttpTarget>(target);
    return "http://" + show_host(http.host, http.port);
}

std::optional<StatsdNames> to_statsd_names(std::string_view text) {
    const auto names = split(text, ',');
    if (names.size() != 2 || names[0] == names[1]) return {};
    for (const auto name : names) {
        if (!is_name(name, ".") || name.size() > 200) return {};  // Datadog takes no longer one
    }
    return StatsdNames{std::string(names[0]), std::string(names[1])};
}

std::optional<std::vector<uid_t>> to_users(std::string_view text) {
    return to_ids<uid_t>(text, [](const std::string& name) -> std::optional<uid_t> {
        const passwd* found = getpwnam(name.c_str());
        return found ? std::optional(found->pw_uid) : std::nullopt;
    });
}

std::optional<std::vector<gid_t>> to_groups(std::string_view text) {
    return to_ids<gid_t>(text, [](const std::string& name) -> std::optional<gid_t> {
        const group* found = getgrnam(name.c_str());
        return found ? std::optional(found->gr_gid) : std::nullopt;
    });
}

std::string show_ids(const std::vector<uid_t>& ids) {
    std::string text;
    for (const auto id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
    return text;
}

std::optional<std::vector<double>> to_buckets(std::string_view text) {
    std::vector<double> buckets;
    for (const auto part : split(text, ',')) {
        double bound = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), bound);
        if (error != std::errc{} || end != part.data() + part.size()) return {};
        if (!std::isfinite(bound) || bound <= (buckets.empty() ? 0.0 : buckets.back())) return {};
        if (buckets.size() == most_buckets) return {};
        buckets.push_back(bound);
    }
    return buckets;
}

std::string show_buckets(const std::vector<double>& buckets) {
    std::string text;
    for (const auto bound : buckets) {
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.begin(), digits.end(), bound).ptr;
        text.append(text.empty() ? "" : ",").append(digits.begin(), end);
    }
    return text;
}

std::optional<std::vector<std::string>> to_tag_labels(std::string_view text) {
    std::vector<std::string> labels;
    for (const auto label : split(text, ',')) {
        if (!is_name(label) || label.starts_with("__")) return {};
        if (std::ranges::find(reserved_labels, label) != reserved_labels.end()) return {};
        if (std::ranges::find(labels, label) != labels.end()) return {};
        if (labels.size() == limits::tags) return {};
        labels.emplace_back(label);
    }
    return labels;
}

}  // namespace outrigger::settings
