// Whatever stands in the settings: parsed, or an error of one line that names something. What a setting shows of its
// value is read back as the same.
#include "agent/settings/settings.h"

#include <string>
#include <vector>

#include "agent/settings/command_line.h"
#include "agent/settings/config_file.h"
#include "agent/settings/declared.h"
#include "agent/settings/flags.h"
#include "agent/settings/masked.h"
#include "tests/fuzz/kit/source.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger::settings;
using outrigger::fuzz::expect;
using outrigger::fuzz::Source;

namespace {

void expect_one_line(const std::string& what) {
    expect(!what.empty() && what.find_first_of("\n\r") == what.npos, "an error is one line for people");
}

void read_config(std::string_view text) {
    const auto entries = parse_config(text);
    if (!entries) {
        expect(entries.error().line > 0, "an error of the file names its line");
        return expect_one_line(entries.error().what);
    }
    for (const auto& entry : *entries) expect(!entry.key.empty() && entry.line > 0, "an entry has a key and a line");
}

// Files and user names are not looked up: they are this machine's.
bool looks_up(std::string_view name) {
    return name == "config" || name.starts_with("allow-") || name.ends_with("-group");
}

void read_value(const Declared& setting, std::string_view text) {
    if (looks_up(setting.name)) return;
    Settings settings;
    const std::string before = setting.show(settings);
    if (!setting.read(text, settings))
        return expect(setting.show(settings) == before, "what is refused changes nothing");
    if (setting.secret) return;
    const std::string shown = setting.show(settings);
    Settings again;
    expect(setting.read(shown, again), "what a setting shows can be read");
    expect(setting.show(again) == shown, "what a setting shows is its value");
}

std::string known_name(Source& source) { return std::string(declared()[source.below(declared().size())].name); }

// What comes of it, as one text.
std::string outcome(FlagReader& reader, const std::vector<std::string>& arguments, const Surroundings& surroundings) {
    try {
        const auto line = parse(reader, arguments, surroundings);
        if (line.command == Command::run)
            expect(line.effective.size() == declared().size(), "each setting has a value");
        std::string said = line.text;
        for (const auto& each : line.effective) {
            expect(!each.name.empty() && !each.source.empty(), "a value has a source");
            said.append(each.value).append(each.source);
        }
        return said;
    } catch (const SettingsError& error) {
        expect_one_line(error.what());
        return error.what();
    }
}

void read_command_line(Source& source) {
    std::vector<std::string> arguments;
    Surroundings surroundings;
    surroundings.may_hold_data = [](const std::string&) { return true; };
    const auto shape = source.number<std::uint16_t>();
    for (int left = shape % 6; left > 0; --left) {
        const auto kind = source.below(8);
        const std::string text(source.text());
        if (text.find('\0') != text.npos) continue;  // no argument has one
        if (kind < 4) {
            const std::string name = known_name(source);
            if (looks_up(name)) continue;
            arguments.push_back("--" + name + (kind < 2 ? "=" + text : ""));
            if (kind >= 2) arguments.push_back(text);
        } else if (kind == 4) {
            arguments.push_back(text);
        } else if (kind == 5) {
            surroundings.environment["OUTRIGGER_" + text] = source.text();
        } else {
            const auto& setting = declared()[source.below(declared().size())];
            if (!looks_up(setting.name)) surroundings.environment[std::string(setting.variable)] = text;
        }
    }
    for (const auto& argument : arguments)
        for (const std::string_view name : {"config", "allow", "group", "OUTRIGGER_CONFIG"})
            if (argument.contains(name)) return;
    for (const std::string_view name :
         {"OUTRIGGER_CONFIG", "OUTRIGGER_ALLOW_UIDS", "OUTRIGGER_ALLOW_GIDS", "OUTRIGGER_SOCKET_GROUP"})
        surroundings.environment.erase(std::string(name));
    // Made once: that takes ten times as long as a line. Now and then a line is read by a fresh one too.
    static FlagReader reader;
    const std::string said = outcome(reader, arguments, surroundings);
    if (shape / 6 % 32 != 31) return;
    FlagReader fresh;
    expect(outcome(fresh, arguments, surroundings) == said, "a reader keeps nothing of the line before");
}

}  // namespace

FUZZ_TARGET(settings) {
    Source source(input);
    const auto what = source.below(3);
    if (what == 0) return read_config(source.rest_text());
    if (what == 1) return read_command_line(source);
    const auto& setting = declared()[source.below(declared().size())];
    read_value(setting, source.rest_text());
}
