// A web server with cpp-httplib and the app's own instrumentation, in a process of its own: a program of the bench that
// was told `serve`. It is asked over some connections, and its process's CPU time counts, the sender's thread included.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {

class WebApp {
  public:
    // `what`: bare, or record SOCKET, or in-path POSTGRES STATSD_PORT. `wrapper`: a command that becomes the server,
    // with its own words behind it. Returns when it answers; throws after a minute.
    explicit WebApp(const std::vector<std::string>& what, std::vector<std::string> wrapper = {});

    Values measure(int connections, int requests_each) const;
    int port() const { return port_; }
    void end();  // SIGTERM, and waits; throws after a minute

    // What such a process does. Never returns.
    [[noreturn]] static void serve(const std::vector<std::string>& words);

  private:
    peers::TemporaryFolder folder_;
    int port_;
    std::unique_ptr<peers::Process> process_;
};

}  // namespace outrigger::bench
