// A TCP proxy before Postgres that loses the answer to a chosen statement: it is done, and who asked never hears of it.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace outrigger::rows {

class CommitCutter {
  public:
    explicit CommitCutter(int server_port);
    ~CommitCutter();

    int port() const { return port_; }
    void cut_next_answer_to(const std::string& statement);
    int cuts() const { return cuts_; }

  private:
    void run();
    void serve(int client);
    bool is_awaited(std::string_view bytes);

    const int server_port_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<int> cuts_{0};
    std::mutex mutex_;  // guards awaited_
    std::string awaited_;
    std::jthread thread_;
};

}  // namespace outrigger::rows
