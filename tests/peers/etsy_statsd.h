// The first StatsD, of etsy (npm `statsd`), which knows no tags; asked through its management port.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class EtsyStatsd {
  public:
    EtsyStatsd();  // waits until it answers

    std::string target() const;                                // what --statsd is given
    std::string ask(const std::string& command) const;         // counters, timers, gauges
    double counter(const std::string& name) const;             // 0 when there is none
    std::vector<double> timer(const std::string& name) const;  // milliseconds; at most the first hundred

  private:
    TemporaryFolder folder_;
    int port_;
    int management_port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
