// What the cases do to Postgres and to the agent's connection to it, and how they see that it was felt.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "tests/faults/tcp_proxy.h"
#include "tests/faults/world.h"

namespace outrigger::faults {

// The agent's connection goes through the proxy, from the next launch on; `more`: parameters of the conninfo.
TcpProxy& put_proxy_before_postgres(World& world, const std::string& more = "");

// The next transaction of the agent that is committed: before its COMMIT goes on, `first` is called (on the proxy's
// thread), and then the fate is the connection's.
void cut_next_commit(TcpProxy& proxy, TcpProxy::Fate fate, std::function<void()> first = {});

pid_t backend_of_agent(const peers::PostgresCluster& cluster);            // 0: none
long terminate_backends_of_agent(const peers::PostgresCluster& cluster);  // how many

std::string last_error_of(const World& world, const std::string& sink);
// Whether the sink says that it is down, for a reason that contains one of the texts.
bool goes_down(const World& world, const std::string& sink, const std::vector<std::string>& because,
               std::chrono::milliseconds deadline = 10s);
bool is_up(const World& world, const std::string& sink);
double counter(const World& world, const std::string& name, const std::string& sink);

// The others go on while one is down: StatsD hands over what arrives meanwhile.
void expect_others_flow(World& world);

// DDL, again until it is not the one that a deadlock with the agent costs.
void change_schema(World& world, const std::string& statements);

// Statements that somebody else runs meanwhile, in a session of their own. The end waits for them.
class Meanwhile {
  public:
    Meanwhile(const peers::PostgresCluster& cluster, const std::string& statements);
    bool failed() const { return failed_; }  // when it is over

  private:
    std::atomic<bool> failed_{false};
    std::jthread thread_;
};

// A role that owns the tables it makes and is no superuser, and the agent's conninfo for it.
void use_role(World& world, const std::string& role);

}  // namespace outrigger::faults
