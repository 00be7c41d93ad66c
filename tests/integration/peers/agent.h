// The agent under test, with a data folder, a socket in memory and a port of its own that stay the same over its
// restarts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/peers/http.h"
#include "tests/integration/peers/process.h"
#include "tests/integration/peers/scrape.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class Agent {
  public:
    explicit Agent(std::vector<std::string> more_flags = {}, std::map<std::string, std::string> more_environment = {});

    void launch();  // does not wait
    void start();   // waits until /metrics is served; throws with what the agent said otherwise
    int stop();     // SIGTERM; its exit status
    void kill_hard();
    void send(int signal) { process_->send(signal); }
    void pause() { process_->send(SIGSTOP); }
    void resume() { process_->send(SIGCONT); }
    std::optional<int> wait(std::chrono::milliseconds deadline) { return process_->wait(deadline); }

    pid_t id() const { return process_->id(); }
    bool running() { return process_ && process_->running(); }
    std::string socket() const { return memory_ / "agent.sock"; }
    std::filesystem::path data() const { return disk_ / "data"; }
    int port() const { return port_; }
    std::filesystem::path proc() const { return "/proc/" + std::to_string(process_->id()); }
    std::string log() const;  // of all its lives
    Scrape scrape() const;    // text 0.0.4
    Scrape scrape_openmetrics() const;
    std::string status() const { return get(port_, "/status").body; }
    int ready() const { return get(port_, "/-/ready").status; }
    bool journal_is_durable() const;  // in the data folder, as a scrape says
    double journal_errors(const std::string& op) const;
    long resident_kib() const;

    std::vector<std::string> flags;  // beside socket, port and data folder; read at the next launch
    std::optional<User> user;        // whom to run as, instead of us
    std::map<std::string, std::string> environment;
    std::vector<std::string> wrapper;  // a command that becomes the agent, with the agent's own behind it

  private:
    std::filesystem::path program() const;

    TemporaryFolder disk_;
    TemporaryFolder memory_{TemporaryFolder::Place::memory};
    int port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
