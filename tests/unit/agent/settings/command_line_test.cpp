#include "agent/settings/command_line.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "agent/settings/declared.h"
#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger::settings;
using namespace std::chrono_literals;

namespace {

// A --config file that is gone afterwards.
class ConfigFile {
    outrigger::test::TemporaryFolder folder_;

  public:
    explicit ConfigFile(const std::string& text) { std::ofstream(path) << text; }

    const std::string path = folder_.path() + "/outrigger.toml";
};

Surroundings with(Environment environment) {
    Surroundings surroundings;
    surroundings.environment = std::move(environment);
    surroundings.may_hold_data = [](const std::string&) { return true; };
    return surroundings;
}

CommandLine parsed(const std::vector<std::string>& arguments, Environment environment = {}) {
    return parse(arguments, with(std::move(environment)));
}

std::string refusal(const std::vector<std::string>& arguments, Environment environment = {}) {
    try {
        parsed(arguments, std::move(environment));
    } catch (const SettingsError& error) {
        return error.what();
    }
    return "accepted";
}

EffectiveSetting effective(const CommandLine& line, std::string_view name) {
    const auto found = std::ranges::find(line.effective, name, &EffectiveSetting::name);
    REQUIRE(found != line.effective.end());
    return *found;
}

// For each setting a value that is not its default, one that is refused ("" where nothing but length is), and how the
// value is shown when that is not how it was given.
struct Sample {
    const char* name;
    std::string good;
    std::string bad;
    std::string shown = {};
};

const std::vector<Sample> samples = {
    {"socket", "/tmp/x/agent.sock", "none"},
    {"socket-mode", "0600", "0999"},
    {"socket-group", "root", "no such group", "0"},
    {"http", "[::1]:0", "9464"},
    {"data-dir", "/tmp/outrigger-data", ""},
    {"journal-size", "64MiB", "63MiB"},
    {"durability", "process", "none"},
    {"postgres", "host=db password=hunter2", "hunter2", "host=db password=***"},
    {"postgres-password-file", "/run/secrets/pg", ""},
    {"row-retention", "7", "0"},
    {"statsd", "udp://localhost:9125", "localhost:9125"},
    {"statsd-dialect", "plain", "tags"},
    {"statsd-names", "requests,latency", "requests"},
    {"traces", "http://localhost:8126", "https://localhost:8126"},
    {"traces-max-age", "5s", "999ms"},
    {"allow-uids", "0,1000", "nobody at all"},
    {"allow-gids", "0,1000", "nobody at all"},
    {"service", "shop", "two\nlines"},
    {"env", "prod", "two\nlines"},
    {"version-tag", "1.0.3", std::string(257, 'x')},
    {"metric-names", "otel", "otle"},
    {"max-series", "100000", "0"},
    {"buckets", "0.1,1,10", "1,0.1"},
    {"tag-labels", "plan,region", "route"},
    {"max-connections", "65536", "65537"},
    {"log-level", "debug", "verbose"},
    {"log-format", "text", "xml"},
};

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) result += c == '\n' ? "\\n" : std::string(1, c);
    return result + "\"";
}

bool same_words(std::string left, std::string right) {
    std::ranges::sort(left);  // libpq chooses the order of the parts of a conninfo
    std::ranges::sort(right);
    return left == right;
}

}  // namespace

TEST_CASE("every setting works as flag, variable and file key, and says from where it is") {
    for (const auto& setting : declared()) {
        const std::string name(setting.name);
        CAPTURE(std::string(name));
        if (name == "config") continue;  // has a test of its own
        const auto sample =
            std::ranges::find(samples, setting.name, [](const Sample& s) { return std::string_view(s.name); });
        REQUIRE(sample != samples.end());
        const auto expected = sample->shown.empty() ? sample->good : sample->shown;
        const ConfigFile file("\n" + name + " = " + quoted(sample->good) + "\n");
        const std::string variable(setting.variable);
        for (const auto& [line, source] : {std::pair{parsed({"--" + name, sample->good}), std::string("flag")},
                                           std::pair{parsed({"--" + name + "=" + sample->good}), std::string("flag")},
                                           std::pair{parsed({}, {{variable, sample->good}}), "variable " + variable},
                                           std::pair{parsed({"--config", file.path}), "file " + file.path + ":2"}}) {
            const auto shown = effective(line, name);
            CHECK(same_words(shown.value, expected));
            CHECK(shown.source == source);
            CHECK(effective(parsed({}), name).source == "default");
            CHECK(effective(parsed({}), name).value != shown.value);
        }
    }
}

TEST_CASE("every setting refuses what it cannot mean, naming itself, the value and its source") {
    for (const auto& [name_, good, bad, shown] : samples) {
        const std::string name = name_;
        CAPTURE(std::string(name));
        const auto& setting = *std::ranges::find(declared(), name_, &Declared::name);
        const std::string variable(setting.variable);
        const ConfigFile file(name + " = " + quoted(bad));
        std::vector<std::pair<std::string, std::string>> said = {
            {refusal({"--" + name, bad}), "flag"}, {refusal({"--config", file.path}), "file " + file.path + ":1"}};
        if (!bad.empty()) said.emplace_back(refusal({}, {{variable, bad}}), "variable " + variable);
        for (const auto& [line, source] : said) {
            CAPTURE(line);
            CHECK(line.starts_with("--" + name + ": '"));
            CHECK(line.contains("' (" + source + ") is not accepted; accepted: " + std::string(setting.accepted)));
            CHECK_FALSE(line.contains('\n'));
            CHECK_FALSE(line.contains("hunter2"));
            if (!setting.secret && bad.size() < 100) CHECK(line.contains(bad.substr(0, bad.find('\n'))));
        }
    }
}

TEST_CASE("a socket's path fits into a socket address") {
    CHECK(refusal({"--socket", std::string(107, 'x')}) == "accepted");
    CHECK(refusal({"--socket", std::string(108, 'x')}) != "accepted");
}

TEST_CASE("what is shown can be given again") {
    for (const auto& [name, good, bad, shown_] : samples) {
        CAPTURE(std::string(name));
        if (std::string_view(name) == "postgres") continue;
        const auto shown = effective(parsed({std::string("--") + name, good}), name).value;
        CHECK(effective(parsed({std::string("--") + name, shown}), name).value == shown);
    }
}

TEST_CASE("flag before variable before file before default") {
    const ConfigFile file("metric-names = 'flask'\nmax-series = 7\nenv = 'file'\n");
    const Environment environment = {
        {"OUTRIGGER_CONFIG", file.path}, {"OUTRIGGER_METRIC_NAMES", "otel"}, {"OUTRIGGER_MAX_SERIES", "8"}};
    const auto line = parsed({"--max-series", "9"}, environment);
    CHECK(line.settings.max_series == 9);
    CHECK(line.settings.metric_names == MetricNames::otel);
    CHECK(line.settings.env == "file");
    CHECK(line.settings.max_connections == 1024);
    CHECK(effective(line, "config").source == "variable OUTRIGGER_CONFIG");
    CHECK(line.settings.config == file.path);
    CHECK(effective(line, "env").source == "file " + file.path + ":3");
}

TEST_CASE("only the value that counts is judged; an empty variable is none") {
    CHECK(parsed({"--max-series", "9"}, {{"OUTRIGGER_MAX_SERIES", "many"}}).settings.max_series == 9);
    CHECK(parsed({}, {{"OUTRIGGER_MAX_SERIES", ""}, {"OUTRIGGER_POSTGRES", ""}, {"OUTRIGGER_CONFIG", ""}})
              .settings.max_series == 10'000);
    CHECK(refusal({"--max-series", ""}) != "accepted");
}

TEST_CASE("with no setting at all, everything has its default and the sinks are off") {
    const auto line = parsed({});
    const auto& s = line.settings;
    CHECK(line.command == Command::run);
    CHECK(line.text.empty());
    CHECK(line.notes.empty());
    CHECK(line.effective.size() == declared().size());
    CHECK_FALSE(s.socket);
    CHECK(s.socket_mode == 0660);
    CHECK(s.http_host == "127.0.0.1");
    CHECK(s.http_port == 9464);
    CHECK(s.data_dir == "/var/lib/outrigger");
    CHECK(s.journal_size_bytes == 1073741824);
    CHECK(s.durability == Durability::fsync);
    CHECK_FALSE(s.postgres);
    CHECK_FALSE(s.statsd);
    CHECK_FALSE(s.traces);
    CHECK(s.row_retention == std::chrono::days(30));
    CHECK(s.traces_max_age == 10min);
    CHECK_FALSE(s.allow_uids);
    CHECK(s.buckets.size() == 14);
    CHECK(s.log_format == LogFormat::json);
    auto terminal = with({});
    terminal.stderr_is_terminal = true;
    CHECK(parse({}, terminal).settings.log_format == LogFormat::text);
}

TEST_CASE("values arrive in their types") {
    const auto s = parsed({"--http=[::1]:0", "--socket-mode=777", "--socket-group=root", "--allow-uids=root,7",
                           "--statsd=unix:///run/dsd", "--traces=http://[::1]", "--statsd-names=a,b",
                           "--tag-labels=plan", "--journal-size=2GiB", "--version-tag=1.2", "--log-level=error"})
                       .settings;
    CHECK(s.http_host == "::1");
    CHECK(s.http_port == 0);
    CHECK(s.socket_mode == 0777);
    CHECK(s.socket_group == gid_t{0});
    CHECK(s.allow_uids == std::vector<uid_t>{0, 7});
    CHECK(s.statsd == StatsdTarget(UnixTarget{"/run/dsd"}));
    CHECK(s.traces == TracesTarget(HttpTarget{"::1", 8126}));
    CHECK(s.statsd_names == StatsdNames{"a", "b"});
    CHECK(s.tag_labels == std::vector<std::string>{"plan"});
    CHECK(s.journal_size_bytes == 2147483648);
    CHECK(s.version == "1.2");
    CHECK(s.log_level == LogLevel::error);
}

TEST_CASE("an array of the file is a list") {
    const ConfigFile file("buckets = [0.5, 1, 2.5]\ntag-labels = ['plan', 'region']\nmax-series = 10_000\n");
    const auto s = parsed({"--config", file.path}).settings;
    CHECK(s.buckets == std::vector{0.5, 1.0, 2.5});
    CHECK(s.tag_labels.size() == 2);
    CHECK(s.max_series == 10'000);
}

TEST_CASE("a file that is missing, broken or names unknown keys is refused with its line") {
    CHECK(refusal({"--config", "/nowhere/x.toml"}) ==
          "--config: '/nowhere/x.toml' (flag) cannot be read: No such file or directory");
    CHECK(refusal({}, {{"OUTRIGGER_CONFIG", "/tmp"}}).contains("/tmp"));
    CHECK(refusal({}, {{"OUTRIGGER_CONFIG", "/tmp"}}) != "accepted");
    const ConfigFile huge(std::string((1 << 20) + 1, '#'));
    CHECK(refusal({"--config", huge.path}).contains("at most 1 MiB"));
    const ConfigFile great(std::string(1 << 20, '#'));
    CHECK(refusal({"--config", great.path}) == "accepted");
    const ConfigFile unknown("\n\nmetric-nmaes = 'otel'");
    CHECK(refusal({"--config", unknown.path}) ==
          unknown.path + ":3: unknown key 'metric-nmaes': did you mean 'metric-names'?");
    const ConfigFile nested("config = 'other.toml'");
    CHECK(refusal({"--config", nested.path}) == nested.path + ":1: a file cannot name another with 'config'");
    const ConfigFile broken("postgres = 'password=hunter2");
    CHECK(refusal({"--config", broken.path}).starts_with(broken.path + ":1: "));
    CHECK_FALSE(refusal({"--config", broken.path}).contains("hunter2"));
}

TEST_CASE("Datadog's variables stand in where ours say nothing") {
    const Environment host = {{"DD_AGENT_HOST", "dd"}, {"DD_DOGSTATSD_PORT", "9"}};
    auto line = parsed({}, host);
    CHECK(line.settings.statsd == StatsdTarget(UdpTarget{"dd", 9}));
    CHECK(line.settings.traces == TracesTarget(HttpTarget{"dd", 8126}));
    CHECK(effective(line, "statsd").source == "variables DD_AGENT_HOST and DD_DOGSTATSD_PORT");
    REQUIRE(line.notes.size() == 1);
    CHECK(line.notes.front().starts_with("DD_AGENT_HOST turns on statsd and traces"));

    line = parsed({"--statsd=off"}, {{"DD_AGENT_HOST", "dd"}, {"OUTRIGGER_TRACES", "off"}});
    CHECK_FALSE(line.settings.statsd);
    CHECK_FALSE(line.settings.traces);
    CHECK(line.notes.empty());

    line = parsed({}, {{"DD_AGENT_HOST", "dd"}, {"DD_DOGSTATSD_URL", "unix:///dsd"}});
    CHECK(effective(line, "statsd").source == "variable DD_DOGSTATSD_URL");
    CHECK(line.notes.front().starts_with("DD_AGENT_HOST turns on traces;"));

    line = parsed({}, {{"DD_TRACE_AGENT_URL", "http://t:1"}, {"DD_DOGSTATSD_URL", "udp://d:2"}});
    CHECK(line.notes.empty());
    CHECK(line.settings.traces == TracesTarget(HttpTarget{"t", 1}));

    CHECK(refusal({}, {{"DD_DOGSTATSD_URL", "unixstream:///dsd"}})
              .starts_with("--statsd: 'unixstream:///dsd' (variable DD_DOGSTATSD_URL) is not accepted"));
    CHECK(refusal({}, {{"DD_TRACE_AGENT_URL", "http://u:hunter2@t"}})
              .starts_with("--traces: '***' (variable DD_TRACE_AGENT_URL)"));
}

TEST_CASE("check prints each setting on a line, and no password") {
    for (const char* secret : {"postgresql://u:hunter2@db/d", "host=db password=hunter2"}) {
        const auto line =
            parsed({"check", "--http", "0.0.0.0:1", "--service", "two  words"}, {{"OUTRIGGER_POSTGRES", secret}});
        CHECK(line.command == Command::check);
        CHECK(std::cmp_equal(std::ranges::count(line.text, '\n'), declared().size()));
        CHECK(line.text.contains("\nhttp                    0.0.0.0:1  (flag)\n"));
        CHECK(line.text.contains("\nenv                     \"\"  (default)\n"));
        CHECK(line.text.contains("password=***"));
        CHECK(line.text.contains("(variable OUTRIGGER_POSTGRES)\n"));
        CHECK_FALSE(line.text.contains("hunter2"));
        CHECK(line.settings.postgres == secret);
    }
    CHECK(parsed({"health", "--data-dir", "a\nb"}).text.empty());
    CHECK(std::cmp_equal(std::ranges::count(parsed({"check", "--data-dir", "a\nb"}).text, '\n'), declared().size()));
}

TEST_CASE("help and version answer whatever the environment holds") {
    const Environment wrong = {{"OUTRIGGER_NONSENSE", "1"}};
    CHECK(parsed({"--version"}, wrong).text == "outrigger " OUTRIGGER_VERSION "\n");
    CHECK(parsed({"--help"}, wrong).text.contains("--metric-names"));
    CHECK(refusal({}, wrong).starts_with("unknown variable 'OUTRIGGER_NONSENSE'"));
    CHECK(refusal({"--metric-nmaes", "otel"}) == "unknown flag '--metric-nmaes': did you mean '--metric-names'?");
}
