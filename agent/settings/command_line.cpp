#include "agent/settings/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "agent/settings/config_file.h"
#include "agent/settings/data_dir.h"
#include "agent/settings/datadog.h"
#include "agent/settings/declared.h"
#include "agent/settings/flags.h"
#include "agent/settings/masked.h"
#include "agent/settings/nearest.h"
#include "agent/settings/variables.h"

namespace outrigger::settings {
namespace {

struct Given {
    std::string text;
    std::string source;
};
using Layer = std::map<std::string, Given, std::less<>>;  // by the setting's name

constexpr std::string_view found_by_itself = "a socket where Datadog's agent usually has it";

Layer layer_of_flags(const Flags& flags) {
    Layer layer;
    for (const auto& [name, text] : flags.texts) layer[name] = {text, "flag"};
    return layer;
}

// An empty variable is what compose files and shells leave of one that is not set.
Layer layer_of_variables(const Environment& environment) {
    refuse_unknown_variables(environment);
    Layer layer;
    for (const auto& setting : declared()) {
        const auto found = environment.find(setting.variable);
        if (found == environment.end() || found->second.empty()) continue;
        layer[std::string(setting.name)] = {found->second, "variable " + std::string(setting.variable)};
    }
    for (const auto& [name, target] :
         {std::pair{"statsd", datadog_statsd(environment)}, std::pair{"traces", datadog_traces(environment)}}) {
        if (target) layer.try_emplace(name, Given{target->text, target->source});
    }
    return layer;
}

// "auto" is a place that is looked for, and said as the place that was found.
void find_usual_places(std::vector<Layer>& layers, const Surroundings& surroundings) {
    for (auto& layer : layers) {
        for (const auto& [name, usual] : {std::pair{"statsd", &usual_statsd}, std::pair{"traces", &usual_traces}}) {
            const auto found = layer.find(name);
            if (found == layer.end() || found->second.text != "auto") continue;
            found->second.text = usual(surroundings.is_socket);
            found->second.source += ", where it usually is";
        }
    }
}

// What nobody set goes to the socket of Datadog's agent, when there is one where it usually is.
Layer sockets_found(const std::vector<Layer>& layers, const Surroundings& surroundings) {
    Layer layer;
    for (const auto& [name, usual] : {std::pair{"statsd", &usual_statsd}, std::pair{"traces", &usual_traces}}) {
        const bool is_set = std::ranges::any_of(layers, [&](const Layer& each) { return each.contains(name); });
        if (is_set) continue;
        const std::string target = usual(surroundings.is_socket);
        if (target.starts_with("unix://")) layer[name] = {target, std::string(found_by_itself)};
    }
    return layer;
}

std::string content_of(const Given& file) {
    constexpr std::size_t most = 1 << 20;
    std::string content(most + 1, '\0');
    errno = 0;
    std::ifstream stream(file.text, std::ios::binary);
    const bool opened = stream.is_open();
    if (opened) stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    const auto refuse = [&](const std::string& why) {
        return SettingsError("--config: '" + printable(file.text) + "' (" + file.source + ") " + why);
    };
    if (!opened || stream.bad()) throw refuse("cannot be read: " + std::string(std::strerror(errno)));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    if (content.size() > most) throw refuse("is not accepted; accepted: a file of at most 1 MiB");
    return content;
}

Layer layer_of_file(const Given& file) {
    const auto place = [&](std::size_t line) { return printable(file.text) + ":" + std::to_string(line); };
    const auto entries = parse_config(content_of(file));
    if (!entries) throw SettingsError(place(entries.error().line) + ": " + entries.error().what);
    Layer layer;
    for (const auto& [key, value, line] : *entries) {
        if (key == "config") throw SettingsError(place(line) + ": a file cannot name another with 'config'");
        if (std::ranges::find(declared(), key, &Declared::name) == declared().end()) {
            std::vector<std::string_view> known;
            std::ranges::transform(declared(), std::back_inserter(known), &Declared::name);
            throw SettingsError(place(line) + ": unknown key '" + printable(key) + "': did you mean '" +
                                std::string(nearest(key, known)) + "'?");
        }
        layer[key] = {value, "file " + place(line)};
    }
    return layer;
}

const Given* find_in(const std::vector<Layer>& layers, std::string_view name) {
    for (const auto& layer : layers) {
        const auto found = layer.find(name);
        if (found != layer.end()) return &found->second;
    }
    return nullptr;
}

void read(const Declared& setting, const Given& given, Settings& settings) {
    if (setting.read(given.text, settings)) return;
    const auto shown = setting.secret ? mask_postgres(given.text) : mask_text(given.text);
    throw SettingsError("--" + std::string(setting.name) + ": '" + shown + "' (" + given.source +
                        ") is not accepted; accepted: " + std::string(setting.accepted));
}

Settings defaults(const Surroundings& surroundings) {
    Settings settings;
    settings.data_dir = choose_data_dir(surroundings);
    settings.log_format = surroundings.stderr_is_terminal ? LogFormat::text : LogFormat::json;
    return settings;
}

// Something is on that was perhaps not meant to be.
void note_implied(const std::vector<Layer>& layers, std::string_view source, std::string_view why, CommandLine& line) {
    std::string on;
    for (const std::string name : {"statsd", "traces"}) {
        const auto* given = find_in(layers, name);
        if (given && given->source.contains(source)) on += (on.empty() ? "" : " and ") + name;
    }
    if (on.empty()) return;
    line.notes.push_back(std::string(why) + " turns on " + on +
                         "; OUTRIGGER_STATSD=off and OUTRIGGER_TRACES=off turn them off");
}

std::string checked(const std::vector<EffectiveSetting>& effective) {
    std::size_t name_width = 0;
    for (const auto& setting : effective) name_width = std::max(name_width, setting.name.size());
    std::string text;
    for (const auto& [name, value, source] : effective) {
        text += name + std::string(name_width - name.size() + 2, ' ');
        text += (value.empty() ? "\"\"" : value) + "  (" + source + ")\n";
    }
    return text;
}

}  // namespace

CommandLine parse(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
    FlagReader reader;
    return parse(reader, arguments, surroundings);
}

CommandLine parse(FlagReader& reader, const std::vector<std::string>& arguments, const Surroundings& surroundings) {
    const auto flags = reader.read(arguments);
    CommandLine line{flags.command, {}, {}, {}, {}, flags.help};
    if (line.command == Command::version) line.text = "outrigger " OUTRIGGER_VERSION "\n";
    if (!line.text.empty()) return line;

    std::vector<Layer> layers = {layer_of_flags(flags), layer_of_variables(surroundings.environment)};
    if (const auto* file = find_in(layers, "config")) layers.push_back(layer_of_file(Given(*file)));
    find_usual_places(layers, surroundings);
    layers.push_back(sockets_found(layers, surroundings));

    line.settings = defaults(surroundings);
    for (const auto& setting : declared()) {
        const auto* given = find_in(layers, setting.name);
        if (given) read(setting, *given, line.settings);
        line.effective.push_back(
            {std::string(setting.name), printable(setting.show(line.settings)), given ? given->source : "default"});
    }
    note_implied(layers, "DD_AGENT_HOST", "DD_AGENT_HOST", line);
    note_implied(layers, found_by_itself, found_by_itself, line);
    line.warnings = unread_datadog_variables(surroundings.environment);
    if (line.command == Command::check) line.text = checked(line.effective);
    return line;
}

Surroundings this_process() {
    Surroundings surroundings;
    for (char** variable = environ; variable && *variable; ++variable) {
        const std::string_view text = *variable;
        const auto equals = text.find('=');
        if (equals == text.npos) continue;
        surroundings.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    surroundings.stderr_is_terminal = isatty(STDERR_FILENO) == 1;
    surroundings.may_hold_data = may_hold_data;
    surroundings.is_socket = [](const std::string& path) {
        std::error_code error;
        return std::filesystem::is_socket(path, error);
    };
    return surroundings;
}

}  // namespace outrigger::settings
