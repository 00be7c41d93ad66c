#include "agent/settings/variables.h"

#include <doctest/doctest.h>

using namespace outrigger::settings;

TEST_CASE("variables of others are passed over") {
    for (const char* name :
         {"PATH", "DD_TAGS", "OUTRIGGER", "OUTRIGGER_SERVICE_HOST", "OUTRIGGER_SERVICE_PORT",
          "OUTRIGGER_SERVICE_PORT_METRICS", "OUTRIGGER_PORT", "OUTRIGGER_PORT_9464_TCP", "OUTRIGGER_PORT_9464_TCP_ADDR",
          "OUTRIGGER_PORT_8125_UDP_PROTO", "OUTRIGGER_RING_SIZE", "OUTRIGGER_LISTEN", "OUTRIGGER_WORKERS",
          "OUTRIGGER_AGENT", "OUTRIGGER_HTTP", "OUTRIGGER_CONFIG"}) {
        CAPTURE(std::string(name));
        CHECK_NOTHROW(refuse_unknown_variables({{name, "anything"}}));
    }
}

TEST_CASE("an unknown variable is refused by name, its value unsaid") {
    struct Row {
        const char* name;
        const char* meant;
    };
    for (const auto& [name, meant] :
         {Row{"OUTRIGGER_METRIC_NMAES", "OUTRIGGER_METRIC_NAMES"},
          Row{"OUTRIGGER_POSTGRES_PASSWORD", "OUTRIGGER_POSTGRES_PASSWORD_FILE"},
          Row{"OUTRIGGER_SERVICE", "DD_SERVICE"}, Row{"OUTRIGGER_PORT_", "OUTRIGGER_HTTP"},
          Row{"OUTRIGGER_PORT_9464", "OUTRIGGER_HTTP"}, Row{"OUTRIGGER_PORT_X_TCP", "OUTRIGGER_HTTP"},
          Row{"OUTRIGGER_PORT__TCP", "OUTRIGGER_HTTP"}, Row{"OUTRIGGER_PORT_94X_TCP", "OUTRIGGER_HTTP"},
          Row{"OUTRIGGER_HTTP_", "OUTRIGGER_HTTP"}, Row{"OUTRIGGER_", "DD_ENV"}}) {
        CAPTURE(std::string(name));
        std::string said;
        try {
            refuse_unknown_variables({{name, "hunter2"}});
        } catch (const SettingsError& error) {
            said = error.what();
        }
        CHECK(said.starts_with("unknown variable '" + std::string(name) + "'"));
        if (std::string_view(name).find("PORT") == std::string_view::npos)
            CHECK(said.contains(std::string("'") + meant + "'"));
        CHECK_FALSE(said.contains("hunter2"));
    }
}
