// Scrapes an agent again and again on a thread of its own, and writes down each promise that a scrape breaks:
// counters that fall or vanish, books that do not balance, requests that are not what was accepted.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/peers/agent.h"

namespace outrigger::peers {

class ScrapeWatch {
  public:
    enum class Life { steady, restarts };  // what does not survive a restart may fall, if the agent is killed meanwhile

    ScrapeWatch(const Agent& agent, std::chrono::milliseconds interval, Life life = Life::steady);

    void stop();                              // after one more scrape, which must succeed
    int scrapes() const { return scrapes_; }  // after stop()
    int missed() const { return missed_; }    // no answer: the agent was away
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    void watch(const std::stop_token& stopped, std::chrono::milliseconds interval);
    bool take();
    void check(const Scrape& scrape);
    void check_growing(const Scrape& scrape);

    int port_;
    Life life_;
    int scrapes_ = 0;
    int missed_ = 0;
    std::vector<std::string> problems_;
    std::map<std::string, double> last_;
    std::jthread thread_;
};

// What breaks the identity accepted = delivered + dropped + pending, or the sums, in one scrape.
std::vector<std::string> book_problems(const Scrape& scrape);

}  // namespace outrigger::peers
