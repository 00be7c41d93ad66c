// pgbouncer before a Postgres, in transaction mode: each transaction may get another server connection.
#pragma once

#include <memory>
#include <string>

#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::faults {

class Pool {
  public:
    explicit Pool(const peers::PostgresCluster& cluster);

    std::string uri() const;
    void restart();                                // kill -9 before it
    bool command(const std::string& words) const;  // on its console, such as PAUSE; whether it was done

    static std::string unavailable();  // why; empty: it can be used

  private:
    void start();
    peers::TemporaryFolder folder_;
    int port_;
    std::unique_ptr<peers::Process> process_;
};

}  // namespace outrigger::faults
