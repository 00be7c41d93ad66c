// The yardstick of the rows: what an app does that stores each request itself. A prepared INSERT of one row of
// request_log and its commit, over a connection that stays open; waits for Postgres. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct pg_conn;

namespace outrigger::bench {

class Insert {
  public:
    explicit Insert(const std::string& uri);  // throws when there is no Postgres, or no table
    void one(std::uint64_t position) const;   // throws when it is refused
    long backend() const;                     // the process that serves us

  private:
    std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
};

}  // namespace outrigger::bench
