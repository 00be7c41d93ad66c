#include "agent/settings/flags.h"

#include <doctest/doctest.h>

#include "agent/settings/declared.h"

using namespace outrigger::settings;

namespace {

Flags parse_flags(const std::vector<std::string>& arguments) { return FlagReader().read(arguments); }

std::string refusal(const std::vector<std::string>& arguments) {
    try {
        parse_flags(arguments);
    } catch (const SettingsError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("commands stand before or after flags") {
    CHECK(parse_flags({}).command == Command::run);
    CHECK(parse_flags({"check"}).command == Command::check);
    CHECK(parse_flags({"health"}).command == Command::health);
    CHECK(parse_flags({"--env", "x", "check"}).command == Command::check);
    CHECK(parse_flags({"journal", "ls"}).command == Command::journal_ls);
    CHECK(parse_flags({"journal", "verify", "--data-dir", "x"}).command == Command::journal_verify);
    CHECK(parse_flags({"journal", "verify", "--data-dir", "x"}).texts.at("data-dir") == "x");
    CHECK(parse_flags({"--data-dir", "x", "journal", "ls"}).texts.at("data-dir") == "x");
    CHECK(parse_flags({"check", "--env", "x"}).texts.at("env") == "x");
    CHECK(parse_flags({"--version"}).command == Command::version);
    CHECK(parse_flags({"check", "--help"}).command == Command::help);
    CHECK(parse_flags({"-h"}).command == Command::help);
}

TEST_CASE("a flag's text arrives as it was given") {
    for (const std::string text : {"", "x", "a=b", "-5", "[a,b]", "{}", "a,b", "a b", " ", "\"q\"", "%", "[::1]:9464",
                                   "host=x password='y z'", "true", "check"}) {
        CAPTURE(std::string(text));
        CHECK(parse_flags({"--service", text}).texts.at("service") == text);
        CHECK(parse_flags({"--service=" + text, "health"}).texts.at("service") == text);
        CHECK(parse_flags({"--service=" + text, "health"}).command == Command::health);
    }
    CHECK(parse_flags({"--service", "x"}).texts.size() == 1);
}

TEST_CASE("what a reader read, or refused, leaves no trace in what it reads next") {
    FlagReader reader;
    const std::vector<std::vector<std::string>> lines = {{"--env", "x", "journal", "ls"},
                                                         {"check", "--env=y"},
                                                         {"-h"},
                                                         {"--version"},
                                                         {"--env", "x", "--env", "y"},
                                                         {"--env"},
                                                         {"chekc"},
                                                         {"--no-such-flag"},
                                                         {}};
    for (const auto& before : lines) {
        for (const auto& line : lines) {
            const auto read = [&](FlagReader& by) -> std::string {
                try {
                    const auto flags = by.read(line);
                    std::string said = std::to_string(static_cast<int>(flags.command)) + flags.help;
                    for (const auto& [name, text] : flags.texts) said += name + "=" + text;
                    return said;
                } catch (const SettingsError& error) {
                    return error.what();
                }
            };
            try {
                reader.read(before);
            } catch (const SettingsError&) {
            }
            FlagReader fresh;
            CHECK(read(reader) == read(fresh));
        }
    }
}

TEST_CASE("the help names each flag with its variable") {
    const auto help = parse_flags({"--help"}).help;
    for (const auto& setting : declared()) {
        CHECK(help.contains("--" + std::string(setting.name) + " "));
        CHECK(help.contains("[" + std::string(setting.variable)));
    }
    CHECK(help.contains("default: 127.0.0.1:9464"));
}

TEST_CASE("what is not understood is named, with the nearest that is") {
    CHECK(refusal({"--metric-nmaes", "otel"}) == "unknown flag '--metric-nmaes': did you mean '--metric-names'?");
    CHECK(refusal({"--metric-nmaes=otel"}) == "unknown flag '--metric-nmaes': did you mean '--metric-names'?");
    CHECK(refusal({"check", "--htpp", "x"}) == "unknown flag '--htpp': did you mean '--http'?");
    CHECK(refusal({"--versoin"}) == "unknown flag '--versoin': did you mean '--version'?");
    CHECK(refusal({"chekc"}) == "unknown command 'chekc': did you mean 'check'?");
    CHECK(refusal({"helth"}) == "unknown command 'helth': did you mean 'health'?");
    CHECK(refusal({"check", "health"}).contains("not both"));
    CHECK(refusal({"journal"}) == "journal ls or journal verify?");
    CHECK(refusal({"journal", "ls", "verify"}) == "journal ls or journal verify?");
    CHECK(refusal({"journal", "lst"}) == "unknown command 'lst': did you mean 'ls'?");
    CHECK(refusal({"check", "journal", "ls"}) == "one command, not several");
    CHECK(refusal({"--http"}).starts_with("--http"));
    CHECK(refusal({"--env", "--service", "x"}) != "accepted");
    CHECK(refusal({"--env", "--service"}) == "--env has no value");
    CHECK(refusal({"--env", "a", "--env", "b"}) == "--env is given twice");
}

TEST_CASE("an argument that may hold a password is not repeated") {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--postgres", "host=x", "password=hunter2"},
          {"--postgres", "host=x", "postgresql://u:hunter2@db"},
          {"--postgers=postgresql://u:hunter2@db"},
          {"--postgers", "postgresql://u:hunter2@db"},
          {"-phunter2"},
          {"--postgres", "password=hunter2", "--postgres", "password=hunter2"}}) {
        const auto said = refusal(arguments);
        CAPTURE(said);
        CHECK(said != "accepted");
        CHECK_FALSE(said.contains("hunter2"));
    }
}
