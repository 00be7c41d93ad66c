#include "tests/integration/peers/agent.h"

#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {

using namespace std::chrono_literals;

Agent::Agent(std::vector<std::string> more_flags, std::map<std::string, std::string> more_environment)
    : flags(std::move(more_flags)), environment(std::move(more_environment)), port_(free_port()) {}

void Agent::launch() {
    std::vector<std::string> arguments{
        program(),    "--socket", socket(),       "--http", "127.0.0.1:" + std::to_string(port_),
        "--data-dir", data(),     "--log-format", "text"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.insert(arguments.begin(), wrapper.begin(), wrapper.end());
    // A Datadog agent on this machine is found by its sockets; it is not to hear of tests.
    std::map<std::string, std::string> variables{{"OUTRIGGER_STATSD", "off"}, {"OUTRIGGER_TRACES", "off"}};
    for (const auto& [name, value] : environment) variables.insert_or_assign(name, value);
    process_.reset();
    process_ = std::make_unique<Process>(Launch{.arguments = std::move(arguments),
                                                .environment = variables,
                                                .folder = disk_.path(),
                                                .name = "agent",
                                                .user = user});
}

void Agent::start() {
    launch();
    const bool serves = eventually(30s, [&] {
        if (!process_->running()) return true;
        return get(port_, "/metrics").status == 200;
    });
    if (const auto status = process_->wait(0ms))
        throw std::runtime_error("the agent ended with " + std::to_string(*status) + " at its start:\n" + log());
    if (!serves) throw std::runtime_error("the agent does not serve /metrics within 30 s:\n" + log());
}

int Agent::stop() {
    process_->send(SIGTERM);
    const std::optional<int> status = process_->wait(30s);
    if (!status) throw std::runtime_error("the agent does not stop within 30 s:\n" + log());
    return *status;
}

void Agent::kill_hard() {
    process_->send(SIGKILL);
    process_->wait(10s);
}

std::string Agent::log() const { return read_whole(disk_ / "agent.out") + read_whole(disk_ / "agent.err"); }

Scrape Agent::scrape() const {
    const Answer answer = get(port_, "/metrics");
    if (answer.status != 200) throw std::runtime_error("/metrics: " + std::to_string(answer.status));
    return {answer.body, Scrape::Form::text};
}

Scrape Agent::scrape_openmetrics() const {
    const Answer answer = get(port_, "/metrics", {{"Accept", "application/openmetrics-text; version=1.0.0"}});
    if (!answer.type.starts_with("application/openmetrics-text"))
        throw std::runtime_error("not OpenMetrics: " + answer.type);
    return {answer.body, Scrape::Form::openmetrics};
}

bool Agent::journal_is_durable() const { return scrape().sum("outrigger_journal_durable") == 1; }

double Agent::journal_errors(const std::string& op) const {
    return scrape().sum("outrigger_journal_errors_total", {{"op", op}});
}

long Agent::resident_kib() const {
    std::ifstream stream("/proc/" + std::to_string(process_->id()) + "/status");
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    throw std::runtime_error("no VmRSS: the agent does not run");
}

// Another user may not be able to reach our build folder: it runs a copy.
std::filesystem::path Agent::program() const {
    if (!user) return built("outrigger");
    const std::filesystem::path copy = disk_ / "outrigger";
    std::filesystem::copy_file(built("outrigger"), copy, std::filesystem::copy_options::overwrite_existing);
    memory_.give_to(*user);
    return copy;
}

}  // namespace outrigger::peers
