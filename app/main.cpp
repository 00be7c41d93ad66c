// The demo app: a web server of several processes that hands a record of each request to Outrigger's agent.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "app/instrument.h"
#include "app/listener.h"
#include "app/log.h"
#include "app/routes.h"
#include "app/server.h"
#include "app/settings.h"
#include "app/trouble_watch.h"
#include "app/workers.h"
#include "shared/emitter/emitter.h"

namespace {

using namespace outrigger;
using namespace outrigger::app;

// What one worker process does, from fork to exit.
int serve(const Settings& settings, const Listener& listener, std::optional<Emitter>& emitter, const Log& log) {
    RecordRequest record_request;
    if (emitter) {
        emitter->start();
        record_request = [&](const RequestEvent& event) {
            emitter->record(event);
            log.request(event);
        };
    }
    const auto record_metric = [&](const MetricEvent& event) {
        if (emitter) emitter->record(event);
    };

    std::optional<TroubleWatch> watch;
    if (emitter)
        watch.emplace([&] { return emitter->trouble(); },
                      [&log](const std::string& what) { log.say(LogLevel::warn, what); });

    Server server;
    Instrument routes{server.http(), record_request};
    add_routes(routes, real_world(settings.agent, record_metric));
    if (emitter) {
        server.on_arrival(&Instrument::arrived);
        server.on_head(&Instrument::head_lines);
    }
    server.start(listener.fd());

    wait_for_stop();
    watch.reset();
    const bool all_answered = server.stop(std::chrono::seconds{5});
    if (emitter) emitter->stop(std::chrono::seconds{2});
    return all_answered ? 0 : 1;
}

LogSettings log_settings(const Settings& settings) {
    const auto usual = isatty(STDERR_FILENO) != 0 ? LogFormat::text : LogFormat::json;
    return {settings.log_level, settings.log_format.value_or(usual), settings.service, settings.env, settings.version};
}

}  // namespace

int main(int argc, char** argv) try {
    std::signal(SIGPIPE, SIG_IGN);
    const auto settings = read_settings(argc, argv);
    if (!settings.help.empty()) return std::fputs(settings.help.c_str(), stdout) < 0 ? 1 : 0;

    std::optional<Emitter> emitter;  // made here, so that wrong settings are said once; started in each worker
    if (settings.instrumented) {
        emitter.emplace(EmitterSettings{settings.socket, settings.service, settings.env, settings.version, {}});
    }
    const Listener listener{settings.listen};
    const Log log{log_settings(settings)};
    log.say(LogLevel::info, "listening on http://" + listener.name() + ", " + std::to_string(settings.workers) +
                                " workers, " + (emitter ? "instrumented" : "not instrumented"));
    const auto report = [&](const std::string& what) { log.say(LogLevel::warn, what); };
    return run_workers({.count = settings.workers, .report = report},
                       [&] { return serve(settings, listener, emitter, log); });
} catch (const std::exception& error) {
    std::fprintf(stderr, "demo-app: %s\n", error.what());
    return 2;
}
