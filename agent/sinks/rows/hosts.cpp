#include "agent/sinks/rows/hosts.h"

#include <arpa/inet.h>

#include <algorithm>

namespace outrigger::rows {

namespace {

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (auto comma = list.find(','); comma != list.npos; comma = list.find(',')) {
        parts.emplace_back(list.substr(0, comma));
        list.remove_prefix(comma + 1);
    }
    parts.emplace_back(list);
    return parts;
}

bool has_gap(const std::vector<std::string>& parts) {
    return parts.size() > 1 && std::ranges::any_of(parts, &std::string::empty);
}

bool is_loopback(const std::string& host) {
    in_addr four{};
    if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
    in6_addr six{};
    if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
    return host == "localhost";
}

}  // namespace

std::string value_of(const Options& options, std::string_view keyword) {
    const auto found = options.find(keyword);
    return found == options.end() ? std::string() : found->second;
}

bool Host::is_socket() const {
    return address.empty() && (name.empty() || name.starts_with('/') || name.starts_with('@'));
}

HostList hosts_of(const Options& options) {
    const auto names = split(value_of(options, "host"));
    const auto addresses = split(value_of(options, "hostaddr"));
    const auto ports = split(value_of(options, "port"));
    const bool named = names.size() > 1 || !names[0].empty();
    const bool addressed = addresses.size() > 1 || !addresses[0].empty();
    HostList list;
    list.hosts.resize(addressed ? addresses.size() : names.size());
    const auto fits = [&](const auto& parts) { return parts.size() == list.hosts.size(); };
    // A part that is empty cannot be said alone: to libpq an empty word is none.
    list.apart = (!named || fits(names)) && (fits(ports) || ports.size() == 1) && !has_gap(names) &&
                 !has_gap(addresses) && !has_gap(ports);
    for (std::size_t i = 0; i < list.hosts.size(); ++i) {
        if (i < names.size()) list.hosts[i].name = names[i];
        if (i < addresses.size()) list.hosts[i].address = addresses[i];
        list.hosts[i].port = ports[std::min(i, ports.size() - 1)];
    }
    return list;
}

std::vector<std::string> passes_of(const std::string& session_attributes) {
    if (session_attributes == "prefer-standby") return {"standby", "any"};
    return {session_attributes};
}

std::optional<std::string> unproven_host(const Options& options) {
    if (value_of(options, "sslmode") == "verify-full" || value_of(options, "gssencmode") == "require")
        return std::nullopt;
    for (const Host& host : hosts_of(options).hosts) {
        const std::string& where = host.address.empty() ? host.name : host.address;
        if (!host.is_socket() && !is_loopback(where)) return where;
    }
    return std::nullopt;
}

}  // namespace outrigger::rows
