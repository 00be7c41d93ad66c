#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "agent/log/log.h"
#include "agent/settings/command_line.h"
#include "agent/settings/health.h"
#include "agent/topology/journal_command.h"
#include "agent/topology/topology.h"
#include "shared/error.h"

namespace {

using namespace outrigger;

// What is in it may be personal, or a password: no core file, and no other process of this user may read it. Where
// that is refused the agent runs all the same.
void keep_memory_private() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
}

// Blocked in every thread; taken by wait_for_signal alone.
sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

int ask(const settings::Settings& settings) {
    const auto answer = settings::ask_health(settings.http_host, settings.http_port);
    if (answer) return 0;
    std::fprintf(stderr, "outrigger health: %s\n", answer.error().what.c_str());
    return 1;
}

int look_at_journal(const settings::CommandLine& line) {
    const auto answer = topology::ask_journal(line);
    std::fputs(answer.text.c_str(), stdout);
    return answer.status;
}

// What nobody caught, such as memory that cannot be had on one of the threads: a word and an end. What was accepted is
// in the rings and in the journal, and the next start goes on with it.
[[noreturn]] void give_up() {
    const char* what = "an error of no known kind";
    try {
        if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        what = "out of memory";
    } catch (const std::exception& error) {
        what = error.what();
    } catch (...) {
    }
    std::fprintf(stderr, "outrigger: %s\n", what);
    ::_exit(1);
}

int run(const settings::CommandLine& line) {
    std::set_terminate(give_up);
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    const log::Log log(line.settings.log_format, line.settings.log_level);
    for (const auto& note : line.notes) spdlog::info("{}", note);
    for (const auto& warning : line.warnings) spdlog::warn("{}", warning);

    Topology topology(line.settings, line.effective);
    int signal = 0;
    sigwait(&signals, &signal);
    spdlog::info("stopping: {} received", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    topology.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory_private();
    try {
        const auto line = settings::parse({argv + 1, argv + argc}, settings::this_process());
        if (!line.text.empty()) {
            std::fputs(line.text.c_str(), stdout);
            return 0;
        }
        switch (line.command) {
            case settings::Command::health:
                return ask(line.settings);
            case settings::Command::journal_ls:
            case settings::Command::journal_verify:
                return look_at_journal(line);
            default:
                return run(line);
        }
    } catch (const settings::SettingsError& error) {
        std::fprintf(stderr, "outrigger: %s\n", error.what());
        return 2;
    } catch (const AlreadyOwned& error) {
        std::fprintf(stderr, "outrigger: %s\n", error.what());
        return 75;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "outrigger: %s\n", error.what());
        return 1;
    }
}
