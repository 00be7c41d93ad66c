// The demo app with its worker processes, reporting to an agent.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class DemoApp {
  public:
    // Waits until it answers. `socket`: the agent's, or "none". `before` is put before its own arguments.
    DemoApp(const std::string& socket, int agent_port, int workers = 5,
            std::map<std::string, std::string> environment = {}, std::vector<std::string> before = {});
    explicit DemoApp(const Agent& agent, int workers = 5, std::map<std::string, std::string> environment = {})
        : DemoApp(agent.socket(), agent.port(), workers, std::move(environment)) {}

    int stop();  // SIGTERM to the parent; its exit status
    int port() const { return port_; }
    std::vector<pid_t> workers() const;  // that live now
    std::string log() const { return process_->output() + process_->errors(); }

  private:
    TemporaryFolder folder_;
    int port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
