#include "app/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace outrigger::app {
namespace {

constexpr unsigned most_workers = 64;

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

[[noreturn]] void refuse(const CLI::Option* option, std::string_view value, std::string_view accepted) {
    throw std::invalid_argument(option->get_name() + " (" + option->get_envname() + ") '" + std::string{value} +
                                "': expected " + std::string{accepted});
}

// Nothing when none has that name.
template <typename Value, std::size_t N>
std::optional<Value> named(std::string_view name, const std::array<std::string_view, N>& names) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Value>(found - names.begin());
}
constexpr std::array<std::string_view, 4> levels = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> formats = {"text", "json"};

std::optional<Address> parse_agent(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    if (url.ends_with('/')) url.remove_suffix(1);
    const auto address = parse_address(url);
    return address && address->port != 0 ? address : std::nullopt;
}

std::string flags_of(const CLI::App& app) {
    std::string flags;
    for (const auto* option : app.get_options()) flags += (flags.empty() ? "" : ", ") + option->get_name(false, true);
    return flags;
}

// True when help was asked for.
bool parse(CLI::App& app, int argc, const char* const* argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return true;
    } catch (const CLI::ParseError& error) {
        throw std::invalid_argument(std::string{error.what()} + "; accepted: " + flags_of(app));
    }
    return false;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.contains(':')) {
        return std::nullopt;  // an IPv6 address without brackets: which colon is the port's?
    }
    const auto port = to_number<std::uint16_t>(text.substr(colon + 1));
    if (host.empty() || !port) return std::nullopt;
    return Address{std::string{host}, *port};
}

Settings read_settings(int argc, const char* const* argv) {
    CLI::App app{"A web app whose requests Outrigger records.", "demo-app"};
    Settings settings;
    std::string listen = "0.0.0.0:3001";
    std::string workers = "5";
    std::string socket;
    std::string agent = "http://127.0.0.1:9464";
    std::string level = "info";
    std::string format;
    settings.service = "outrigger-demo";
    settings.version = "1.0.3";

    const auto* listen_option =
        app.add_option("--listen", listen, "HOST:PORT to serve; port 0 takes a free one and says which")
            ->envname("OUTRIGGER_LISTEN")
            ->capture_default_str();
    const auto* workers_option = app.add_option("--workers", workers, "processes that share the port")
                                     ->envname("OUTRIGGER_WORKERS")
                                     ->capture_default_str();
    app.add_option("--socket", socket, "the agent's socket, looked for in the usual places; none: not instrumented")
        ->envname("OUTRIGGER_SOCKET");
    const auto* agent_option = app.add_option("--agent", agent, "http://HOST:PORT whose /metrics is passed through")
                                   ->envname("OUTRIGGER_AGENT")
                                   ->capture_default_str();
    app.add_option("--service", settings.service, "name of this service")->envname("DD_SERVICE")->capture_default_str();
    app.add_option("--env", settings.env, "environment it runs in")->envname("DD_ENV");
    app.add_option("--version-tag", settings.version, "version of it")->envname("DD_VERSION")->capture_default_str();

    const auto* level_option =
        app.add_option("--log-level", level, "debug says a line for each request, info for those that fail")
            ->envname("OUTRIGGER_LOG_LEVEL")
            ->capture_default_str();
    const auto* format_option = app.add_option("--log-format", format, "text or json; text on a terminal, else json")
                                    ->envname("OUTRIGGER_LOG_FORMAT");

    if (parse(app, argc, argv)) {
        settings.help = app.help();
        return settings;
    }

    const auto address = parse_address(listen);
    if (!address) refuse(listen_option, listen, "HOST:PORT, such as 0.0.0.0:3001 or [::1]:0");
    settings.listen = *address;

    const auto count = to_number<unsigned>(workers);
    if (!count || *count == 0 || *count > most_workers) {
        refuse(workers_option, workers, "a number from 1 to " + std::to_string(most_workers));
    }
    settings.workers = *count;

    settings.instrumented = socket != "none";
    if (settings.instrumented && !socket.empty()) settings.socket = socket;

    const auto agent_address = parse_agent(agent);
    if (!agent_address) refuse(agent_option, agent, "http://HOST:PORT");
    settings.agent = *agent_address;

    const auto log_level = named<LogLevel>(level, levels);
    if (!log_level) refuse(level_option, level, "debug, info, warn or error");
    settings.log_level = *log_level;
    settings.log_format = named<LogFormat>(format, formats);
    if (!settings.log_format && !format.empty()) refuse(format_option, format, "text or json");
    return settings;
}

}  // namespace outrigger::app
