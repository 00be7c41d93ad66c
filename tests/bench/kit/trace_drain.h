// Who takes traces for Datadog: reads each payload, says 200 and {}, and looks into nothing, so that it keeps up.
#pragma once

#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Server;
}

namespace outrigger::bench {

class TraceDrain {
  public:
    TraceDrain();
    ~TraceDrain();
    TraceDrain(const TraceDrain&) = delete;
    TraceDrain& operator=(const TraceDrain&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    std::unique_ptr<httplib::Server> server_;
    int port_;
    std::jthread thread_;
};

}  // namespace outrigger::bench
