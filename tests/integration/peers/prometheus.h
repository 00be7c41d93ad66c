// A real Prometheus that scrapes an agent each second, exemplars kept; and promtool. Unpacked in build/peers by
// tools/deps.
#pragma once

#include <memory>
#include <string>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class Prometheus {
  public:
    explicit Prometheus(int target_port);  // waits until it is ready

    std::string api(const std::string& path) const;  // what GET /api/v1/<path> answers: JSON
    std::string log() const { return process_->errors(); }

  private:
    TemporaryFolder folder_;
    int port_;
    std::unique_ptr<Process> process_;
};

// What `promtool check metrics` says of a scrape in text 0.0.4; nothing when all is well.
std::string promtool_findings(const std::string& body);

}  // namespace outrigger::peers
