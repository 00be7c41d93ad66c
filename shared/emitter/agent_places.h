// Where the agent's socket may be, and where a ring may lie meanwhile: one path that was given, or the usual folders.
// Asked by the sender at each attempt, since folders come and go with the agent.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace outrigger {

class AgentPlaces {
  public:
    static AgentPlaces at(std::string socket);
    static AgentPlaces in(std::vector<std::string> folders, uid_t uid);  // runtime_folders(), in their order

    std::vector<std::string> sockets() const;

    // Best first: beside a socket that is there, else beside where one may come. Makes what is missing above it.
    std::vector<std::string> ring_folders() const;

  private:
    AgentPlaces(std::string socket, std::vector<std::string> folders, uid_t uid);

    std::string socket_;  // empty: the folders count
    std::vector<std::string> folders_;
    uid_t uid_;
};

}  // namespace outrigger
