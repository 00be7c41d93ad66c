#include "agent/settings/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <span>

#include "agent/settings/declared.h"
#include "agent/settings/masked.h"
#include "agent/settings/nearest.h"

namespace outrigger::settings {
namespace {

constexpr std::array<std::string_view, 3> commands = {"check", "health", "journal"};
constexpr std::array<std::string_view, 2> journal_commands = {"ls", "verify"};

std::string described(const Declared& setting) {
    const auto standard = setting.default_text.empty() ? setting.show(Settings{}) : std::string(setting.default_text);
    auto text = std::string(setting.help) + "\n[" + std::string(setting.variable);
    if (!standard.empty()) text += "; default: " + standard;
    return text + "]";
}

// CLI11's own handling of variables and files is not used: it prefers the file to the variables, and asks getenv.
// The options of declared(), in its order.
std::vector<CLI::Option*> declare(CLI::App& app) {
    std::vector<CLI::Option*> options;
    app.set_help_flag("--help,-h", "this text");
    const std::string of_version = "the program's version";
    app.add_flag("--version", of_version);
    for (const auto& setting : declared()) {
        auto* option = app.add_option("--" + std::string(setting.name), CLI::callback_t(), described(setting));
        option->type_name(std::string(setting.placeholder))->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        options.push_back(option);
    }
    // Flags may stand after the command too.
    app.fallthrough();
    app.allow_extras();
    for (const auto& [name, help] : {std::pair{"check", "prints the effective settings, and where each is from"},
                                     std::pair{"health", "asks a running agent whether it is alive: exit 0 or 1"}}) {
        auto* command = app.add_subcommand(name, help);
        command->set_help_flag();
        command->allow_extras();
    }
    auto* journal = app.add_subcommand("journal", "looks at the journal, also of a running agent");
    journal->set_help_flag();
    journal->allow_extras();
    for (const auto& [name, help] :
         {std::pair{"ls", "lists segments and quarantine, of the data directory and beside the socket"},
          std::pair{"verify", "checks every checksum: exit 1 when something is damaged or missing"}}) {
        auto* command = journal->add_subcommand(name, help);
        command->set_help_flag();
        command->allow_extras();
    }
    return options;
}

[[noreturn]] void refuse_unknown_flag(std::string_view argument) {
    // After one dash, a value may be glued to the letter.
    const auto name = argument.substr(0, argument.starts_with("--") ? argument.find('=') : 2);
    std::vector<std::string> flags = {"--help", "--version"};
    for (const auto& setting : declared()) flags.push_back("--" + std::string(setting.name));
    const std::vector<std::string_view> known(flags.begin(), flags.end());
    throw SettingsError("unknown flag '" + printable(name) + "': did you mean '" + std::string(nearest(name, known)) +
                        "'?");
}

[[noreturn]] void refuse_word(std::string_view argument, std::span<const std::string_view> known) {
    const bool plain = argument.size() <= 16 && argument.find_first_of("=:/ ") == argument.npos;
    if (!plain) throw SettingsError("an argument that belongs to no flag: quote values that hold white space");
    throw SettingsError("unknown command '" + mask_text(argument) + "': did you mean '" +
                        std::string(nearest(argument, known)) + "'?");
}

void refuse_remaining(const CLI::App& app) {
    const auto remaining = app.remaining(true);
    const auto is_flag = [](const std::string& argument) { return argument.size() > 1 && argument.front() == '-'; };
    const auto flag = std::ranges::find_if(remaining, is_flag);
    if (flag != remaining.end()) refuse_unknown_flag(*flag);
    const bool journal = app.got_subcommand("journal");
    if (!remaining.empty() && journal) refuse_word(remaining.front(), journal_commands);
    if (!remaining.empty()) refuse_word(remaining.front(), commands);
}

// CLI11 takes `--name=` for a flag whose value is the next argument; here the value is empty.
std::vector<std::string> with_empty_values(const std::vector<std::string>& arguments) {
    std::vector<std::string> result;
    for (const auto& argument : arguments) {
        const bool is_empty_value = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
        result.push_back(is_empty_value ? argument.substr(0, argument.size() - 1) : argument);
        if (is_empty_value) result.emplace_back();
    }
    return result;
}

bool is_flag_of_ours(std::string_view text) {
    return text.starts_with("--") && std::ranges::find(declared(), text.substr(2), &Declared::name) != declared().end();
}

Command chosen_of_journal(const CLI::App& app) {
    const auto* journal = app.get_subcommand("journal");
    if (app.get_subcommands().size() > 1) throw SettingsError("one command, not several");
    if (journal->get_subcommands().size() != 1) throw SettingsError("journal ls or journal verify?");
    return journal->got_subcommand("ls") ? Command::journal_ls : Command::journal_verify;
}

Command chosen(const CLI::App& app) {
    if (app.count("--version") > 0) return Command::version;
    if (app.got_subcommand("check") && app.got_subcommand("health")) throw SettingsError("check or health, not both");
    if (app.got_subcommand("journal")) return chosen_of_journal(app);
    if (app.got_subcommand("check")) return Command::check;
    return app.got_subcommand("health") ? Command::health : Command::run;
}

}  // namespace

FlagReader::FlagReader()
    : app_(std::make_unique<CLI::App>("Takes events from apps on this host; makes metrics, rows and traces of them.",
                                      "outrigger")),
      options_(declare(*app_)) {}

FlagReader::~FlagReader() = default;

Flags FlagReader::read(const std::vector<std::string>& arguments) {
    CLI::App& app = *app_;
    app.clear();
    Flags flags;
    try {
        auto given = with_empty_values(arguments);
        std::ranges::reverse(given);  // CLI11 takes them from the back
        app.parse(std::move(given));
    } catch (const CLI::CallForHelp&) {
        flags.command = Command::help;
        flags.help = app.help();
        return flags;
    } catch (const CLI::ParseError& error) {
        throw SettingsError(error.what());  // a flag without its value; CLI11 names the flag only
    }
    refuse_remaining(app);
    flags.command = chosen(app);
    for (std::size_t row = 0; row < options_.size(); ++row) {
        const auto& setting = declared()[row];
        const auto& results = options_[row]->results();
        if (results.empty()) continue;
        if (results.size() > 1) throw SettingsError("--" + std::string(setting.name) + " is given twice");
        if (is_flag_of_ours(results.front())) throw SettingsError("--" + std::string(setting.name) + " has no value");
        flags.texts.emplace(setting.name, results.front());
    }
    return flags;
}

}  // namespace outrigger::settings
