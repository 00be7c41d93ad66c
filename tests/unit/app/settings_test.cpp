#include "app/settings.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

using namespace outrigger::app;

namespace {

Settings read(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "demo-app");
    return read_settings(static_cast<int>(arguments.size()), arguments.data());
}

std::string refusal(const std::vector<const char*>& arguments) {
    try {
        read(arguments);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("without any setting the app listens on 3001 with five workers and looks for the agent itself") {
    const auto settings = read({});
    CHECK(settings.listen.host == "0.0.0.0");
    CHECK(settings.listen.port == 3001);
    CHECK(settings.workers == 5);
    CHECK(settings.instrumented);
    CHECK_FALSE(settings.socket.has_value());
    CHECK(settings.agent.host == "127.0.0.1");
    CHECK(settings.agent.port == 9464);
    CHECK(settings.service == "outrigger-demo");
    CHECK(settings.env.empty());
    CHECK(settings.version == "1.0.3");
    CHECK(settings.log_level == LogLevel::info);
    CHECK_FALSE(settings.log_format.has_value());
    CHECK(settings.help.empty());
}

TEST_CASE("each setting is a flag and a variable, and the flag wins") {
    const Variable listen{"OUTRIGGER_LISTEN", "[::1]:0"};
    const Variable workers{"OUTRIGGER_WORKERS", "2"};
    const Variable socket{"OUTRIGGER_SOCKET", "/tmp/a.sock"};
    const Variable agent{"OUTRIGGER_AGENT", "http://agent:1/"};
    const Variable service{"DD_SERVICE", "shop"};
    const Variable env{"DD_ENV", "prod"};
    const Variable version{"DD_VERSION", "2"};
    const Variable level{"OUTRIGGER_LOG_LEVEL", "warn"};
    const Variable format{"OUTRIGGER_LOG_FORMAT", "json"};

    auto settings = read({});
    CHECK(settings.listen.host == "::1");
    CHECK(settings.listen.port == 0);
    CHECK(settings.workers == 2);
    CHECK(settings.socket == "/tmp/a.sock");
    CHECK(settings.agent.host == "agent");
    CHECK(settings.agent.port == 1);
    CHECK(settings.service == "shop");
    CHECK(settings.env == "prod");
    CHECK(settings.version == "2");
    CHECK(settings.log_level == LogLevel::warn);
    CHECK(settings.log_format == LogFormat::json);

    settings = read({"--listen", "localhost:80", "--workers=3", "--socket", "none", "--agent", "http://[::1]:9464",
                     "--service", "till", "--env", "dev", "--version-tag", "3", "--log-level", "debug", "--log-format",
                     "text"});
    CHECK(settings.listen.host == "localhost");
    CHECK(settings.listen.port == 80);
    CHECK(settings.workers == 3);
    CHECK_FALSE(settings.instrumented);
    CHECK(settings.agent.host == "::1");
    CHECK(settings.service == "till");
    CHECK(settings.env == "dev");
    CHECK(settings.version == "3");
    CHECK(settings.log_level == LogLevel::debug);
    CHECK(settings.log_format == LogFormat::text);
}

TEST_CASE("what is wrong is named with its value and with what is accepted") {
    struct Row {
        std::vector<const char*> arguments;
        std::vector<const char*> said;
    };
    const std::vector<Row> table{
        {{"--listen", "3001"}, {"--listen", "OUTRIGGER_LISTEN", "'3001'", "HOST:PORT"}},
        {{"--listen", "::1:3001"}, {"--listen", "[::1]:0"}},
        {{"--listen", ":3001"}, {"--listen"}},
        {{"--listen", "a:65536"}, {"--listen", "a:65536"}},
        {{"--listen", "a:"}, {"--listen"}},
        {{"--workers", "0"}, {"--workers", "'0'", "1 to 64"}},
        {{"--workers", "65"}, {"--workers"}},
        {{"--workers", "many"}, {"--workers", "'many'"}},
        {{"--workers", "5x"}, {"--workers"}},
        {{"--agent", "127.0.0.1:9464"}, {"--agent", "OUTRIGGER_AGENT", "http://HOST:PORT"}},
        {{"--agent", "http://agent"}, {"--agent"}},
        {{"--agent", "http://agent:0"}, {"--agent"}},
        {{"--log-level", "loud"}, {"--log-level", "OUTRIGGER_LOG_LEVEL", "'loud'", "debug, info, warn or error"}},
        {{"--log-format", "xml"}, {"--log-format", "OUTRIGGER_LOG_FORMAT", "'xml'", "text or json"}},
        {{"--lisen", "a:1"}, {"--lisen", "accepted:", "--listen", "--workers", "--socket", "--agent"}},
        {{"stray"}, {"stray", "accepted:"}},
        {{"--workers"}, {"--workers"}},
    };
    for (const auto& row : table) {
        const auto said = refusal(row.arguments);
        CAPTURE(row.arguments.front());
        CAPTURE(said);
        for (const auto* part : row.said) CHECK(contains(said, part));
    }
}

TEST_CASE("help names every flag with its variable") {
    const auto help = read({"--help"}).help;
    for (const auto* part : {"--listen", "OUTRIGGER_LISTEN", "--workers", "OUTRIGGER_WORKERS", "--socket",
                             "OUTRIGGER_SOCKET", "--agent", "OUTRIGGER_AGENT", "DD_SERVICE", "DD_ENV", "DD_VERSION",
                             "--log-level", "OUTRIGGER_LOG_LEVEL", "--log-format", "OUTRIGGER_LOG_FORMAT"}) {
        CAPTURE(part);
        CHECK(contains(help, part));
    }
}
