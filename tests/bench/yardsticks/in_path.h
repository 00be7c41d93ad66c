// The yardstick of an instrumented app: what is done for each request before it is answered, the way it was done before
// there was an agent. A counter and a histogram by label lookup, two StatsD datagrams, one INSERT. Called by the
// server's threads, each of which has a connection to Postgres of its own.
#pragma once

#include <httplib.h>
#include <netinet/in.h>

#include <atomic>
#include <string>

#include "shared/file_descriptor.h"
#include "tests/bench/yardsticks/registry.h"

namespace outrigger::bench {

class InPath {
  public:
    InPath(httplib::Server& server, std::string postgres, int statsd_port);

  private:
    void answered(const httplib::Request& request, const httplib::Response& response);
    void say(const std::string& line) const;

    std::string postgres_;
    FileDescriptor statsd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address_{};
    Registry registry_;
    std::atomic<std::uint64_t> position_{0};
};

}  // namespace outrigger::bench
