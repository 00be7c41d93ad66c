// A private Postgres cluster on a loopback port and a Unix socket, run as somebody who is not root.
// `fsync` is off: a stop -m immediate loses nothing by that, only a power cut would.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

using Rows = std::vector<std::vector<std::string>>;  // NULL is an empty text

class PostgresCluster {
  public:
    explicit PostgresCluster(std::vector<std::string> settings = {});  // made and started; "name=value", beside ours
    // A hot standby that follows `primary` by streaming, until promote().
    static std::unique_ptr<PostgresCluster> standby_of(const PostgresCluster& primary);
    ~PostgresCluster();
    void swap(PostgresCluster& other) noexcept;

    void start();
    void stop();            // as pg_ctl stop -m fast
    void stop_immediate();  // as pg_ctl stop -m immediate: a crash
    void promote() const;   // a standby; returns when it takes rows

    Rows query(const std::string& statement, const std::string& role = "postgres") const;
    long number(const std::string& statement) const;  // of a query with one row and one column
    std::string uri(const std::string& role = "postgres", const std::string& password = "") const;
    int port() const { return port_; }

  private:
    PostgresCluster(const PostgresCluster* primary, std::vector<std::string> settings);
    void stop_with(int signal);

    std::vector<std::string> settings_;
    TemporaryFolder folder_;
    int port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
