// A StatsD receiver of the tests' own: takes datagrams on a thread, and adds up what the lines say. One that is stopped
// leaves nobody at its address.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outrigger::peers {

struct StatsdLine {
    std::string name, type;
    double value = 0;
    double rate = 1;
    std::string tags;  // as sent
};
StatsdLine parse_statsd_line(const std::string& line);  // throws on nonsense

class Datagrams {
  public:
    explicit Datagrams(int udp_port);
    explicit Datagrams(const std::filesystem::path& unix_path);  // a file that is there is removed
    ~Datagrams();
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;

    void rest(bool on) { resting_ = on; }  // takes nothing, so that its queue fills
    double sum(const std::string& name, const std::string& with_tag = "") const;  // of the lines' values
    double weight(const std::string& name) const;                                 // how many values its lines stand for
    double quantile(const std::string& name, double q) const;
    std::size_t packets() const;
    std::size_t greatest_packet() const;
    std::vector<std::string> lines() const;
    std::vector<std::string> nonsense() const;

  private:
    void run(const std::stop_token& stopped);
    void take(const std::string& packet);

    int socket_;
    mutable std::mutex mutex_;  // guards what was received
    std::vector<std::string> lines_;
    std::vector<StatsdLine> parsed_;
    std::vector<std::string> nonsense_;
    std::size_t packets_ = 0;
    std::size_t greatest_ = 0;
    std::atomic<bool> resting_{false};
    std::jthread thread_;
};

}  // namespace outrigger::peers
