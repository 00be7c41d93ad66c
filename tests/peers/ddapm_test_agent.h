// A real ddapm-test-agent, Datadog's own (PyPI), with all of its checks enabled: what traces are sent to in place of
// Datadog's agent, and what says whether they are right.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

inline constexpr const char* ddapm_test_agent = "python/bin/ddapm-test-agent";  // in build/peers

class DdapmTestAgent {
  public:
    DdapmTestAgent();  // waits until it answers

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void start_session(const std::string& token) const;  // what comes from now on belongs to it
    nlohmann::json traces(const std::string& token) const;
    nlohmann::json all_traces() const;
    // Compares the session's traces with tests/peers/snapshots/<token>.json: empty when they are the same, else what is
    // not. NEW_SNAPSHOTS=1 in the environment writes what is missing instead.
    std::string compare(const std::string& token, const std::string& ignored) const;
    // Which checks failed, in its own words; empty: none.
    std::string failures() const;
    nlohmann::json summary() const;  // by check: passed, failed, skipped

  private:
    TemporaryFolder folder_;
    int port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
