#include "agent/sinks/rows/connector.h"

#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string_view>

#include "agent/sinks/rows/refusal.h"

namespace outrigger::rows {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Patience = std::optional<std::chrono::milliseconds>;
using Words = std::vector<std::pair<std::string, std::string>>;

struct Default {
    const char* name;
    const char* variable;  // that stands above it; null: there is none
    const char* value;
};

// A default of ours would hide the variable from libpq, so it gives way to it. What the conninfo says comes later, and
// later words win.
constexpr Default defaults[] = {
    {"connect_timeout", "PGCONNECT_TIMEOUT", "5"}, {"keepalives_idle", nullptr, "10"},
    {"keepalives_interval", nullptr, "5"},         {"keepalives_count", nullptr, "3"},
    {"tcp_user_timeout", nullptr, "20000"},        {"fallback_application_name", nullptr, "outrigger"},
};

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

Handle start(const Words& words) {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : words) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return Handle(PQconnectStartParams(names.data(), values.data(), /* expand_dbname */ 1));
}

// What libpq makes of these words, the variables and the service file. It tells that of a connection alone: of one that
// it refuses to begin, for a word that it does not know.
Options resolve(Words words) {
    words.emplace_back("channel_binding", "of which there is none");
    const Handle never = start(words);
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> list(PQconninfo(never.get()), &PQconninfoFree);
    Options options;
    for (const auto* option = list.get(); option != nullptr && option->keyword != nullptr; ++option)
        if (option->val != nullptr && *option->val != '\0') options[option->keyword] = option->val;
    return options;
}

DatabaseError failure(const Host& host, std::string_view why) {
    const std::string name = host.name.empty() ? "" : " \"" + host.name + "\"";
    const std::string address = host.address.empty() ? "" : " (" + host.address + ")";
    const std::string port = host.port.empty() ? "" : ", port " + host.port;
    return {Trouble::connection, "", "connection to server" + name + address + port + " failed: " + std::string(why)};
}

DatabaseError stopped() { return {Trouble::connection, "", "stopped"}; }

// As libpq takes it: less than two seconds is too short for anything.
std::expected<Patience, DatabaseError> patience_of(const Options& options) {
    const std::string text = value_of(options, "connect_timeout");
    if (text.empty()) return std::nullopt;
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size())
        return std::unexpected(DatabaseError{Trouble::hold, "", "connect_timeout is no number of seconds"});
    if (seconds <= 0) return std::nullopt;
    return std::chrono::seconds(std::max(seconds, 2));
}

std::string to_text(const sinks::Address& address) {
    char text[NI_MAXHOST] = "";
    ::getnameinfo(address.get(), address.length, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    return text;
}

}  // namespace

Connector::Connector(std::string conninfo, std::function<bool()> given_up, sinks::Lookup lookup)
    : conninfo_(std::move(conninfo)), given_up_(std::move(given_up)), lookup_(std::move(lookup)) {}

Words Connector::words(const std::optional<std::string>& password) const {
    Words words;
    for (const auto& [name, over, value] : defaults)
        if (over == nullptr || !is_set(over)) words.emplace_back(name, value);
    if (password) words.emplace_back("password", *password);
    words.emplace_back("dbname", conninfo_);  // expanded by libpq
    words.emplace_back("client_encoding", "UTF8");
    // Among several hosts the one that can be written to is wanted, wherever the last failover left it.
    if (hosts_of(resolve(words)).hosts.size() > 1 && !is_set("PGTARGETSESSIONATTRS"))
        words.insert(words.begin(), {"target_session_attrs", "read-write"});
    return words;
}

std::optional<std::string> Connector::warning() const {
    const Options options = resolve(words(std::nullopt));
    const auto host = unproven_host(options);
    if (!host) return std::nullopt;
    const std::string mode = value_of(options, "sslmode");
    return "rows and password may be read on their way to " + *host +
           ", or go to somebody else (sslmode=" + (mode.empty() ? "prefer" : mode) +
           "): with sslmode=verify-full they are encrypted, and the server proves who it is";
}

std::expected<Handle, DatabaseError> Connector::connect(const std::optional<std::string>& password) {
    const Words given = words(password);
    const Options options = resolve(given);
    const auto patience = patience_of(options);
    if (!patience) return std::unexpected(patience.error());
    auto [hosts, apart] = hosts_of(options);
    if (!apart) return attempt(Host{}, given, *patience);
    if (value_of(options, "load_balance_hosts") == "random")
        std::ranges::shuffle(hosts, std::minstd_rand(std::random_device{}()));
    std::optional<DatabaseError> problem;
    for (const auto& wanted : passes_of(value_of(options, "target_session_attrs"))) {
        for (const Host& host : hosts) {
            Words all = given;
            if (!wanted.empty()) all.emplace_back("target_session_attrs", wanted);
            auto made = connect_to(host, std::move(all), *patience);
            if (made) return made;
            if (given_up_()) return std::unexpected(stopped());
            problem = problem ? join(*problem, made.error()) : made.error();
        }
    }
    return std::unexpected(*problem);
}

Connector::Outcome Connector::connect_to(const Host& host, Words words, Patience patience) {
    const auto addresses = addresses_of(host, patience);
    if (!addresses) return std::unexpected(addresses.error());
    const auto common = words.size();
    std::optional<DatabaseError> problem;
    for (const Host& each : *addresses) {
        words.resize(common);
        words.insert(words.end(), {{"host", each.name}, {"hostaddr", each.address}, {"port", each.port}});
        auto made = attempt(each, words, patience);
        if (made || given_up_()) return made;
        problem = problem ? join(*problem, made.error()) : made.error();
    }
    return std::unexpected(*problem);
}

std::expected<std::vector<Host>, DatabaseError> Connector::addresses_of(const Host& host, Patience patience) {
    if (host.is_socket() || !host.address.empty()) return std::vector{host};
    std::uint16_t port = 0;
    std::from_chars(host.port.data(), host.port.data() + host.port.size(), port);  // what is none libpq refuses
    auto& name = names_.try_emplace({host.name, port}, host.name, port, lookup_).first->second;
    const auto found = name.resolve(patience.value_or(24h), given_up_);
    if (!found)
        return std::unexpected(
            DatabaseError{Trouble::connection, "",
                          "could not translate host name \"" + host.name + "\" to address: " + found.error()});
    std::vector<Host> addresses;
    for (const auto& address : *found) addresses.push_back({host.name, to_text(address), host.port});
    return addresses;
}

Connector::Outcome Connector::attempt(const Host& host, const Words& words, Patience patience) const {
    constexpr auto look_time = 20ms;
    Handle handle = start(words);
    if (!handle) return std::unexpected(DatabaseError{Trouble::resource, "", "out of memory"});
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
    const auto until = Clock::now() + patience.value_or(0ms);
    auto next = PQstatus(handle.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_WRITING || next == PGRES_POLLING_READING) {
        pollfd wanted{PQsocket(handle.get()), static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(look_time.count()));
        if (given_up_()) return std::unexpected(stopped());
        if (ready > 0) next = PQconnectPoll(handle.get());
        if (ready <= 0 || next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING)
            if (patience && Clock::now() >= until) return std::unexpected(failure(host, "timeout expired"));
    }
    if (next != PGRES_POLLING_OK) {
        DatabaseError refused = read_refusal(PQerrorMessage(handle.get()));
        if (PQconnectionNeedsPassword(handle.get()) != 0) refused.trouble = Trouble::hold;
        return std::unexpected(std::move(refused));
    }
    PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT);
    return handle;
}

std::expected<std::string, DatabaseError> read_password(const std::string& file) {
    std::ifstream in(file);
    std::string password;
    if (!in || !std::getline(in, password))
        return std::unexpected(
            DatabaseError{Trouble::hold, "", "--postgres-password-file " + file + " cannot be read"});
    if (!password.empty() && password.back() == '\r') password.pop_back();
    return password;
}

}  // namespace outrigger::rows
