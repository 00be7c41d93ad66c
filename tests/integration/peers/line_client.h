// A client of the agent's socket that speaks lines of text, as any language could. Blocking; one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::peers {

class LineClient {
  public:
    explicit LineClient(const std::string& socket);  // throws when nobody listens
    ~LineClient();
    LineClient(const LineClient&) = delete;
    LineClient& operator=(const LineClient&) = delete;

    // All of it, as it is; what the agent says meanwhile is kept for later. False when the agent hung up.
    bool send(std::string_view bytes);
    // The next line, without its newline; nothing at the deadline or when the agent hung up.
    std::optional<std::string> receive(std::chrono::milliseconds deadline);
    bool closed_by_peer(std::chrono::milliseconds deadline);

  private:
    bool wait_for(short events, std::chrono::milliseconds deadline) const;
    bool read_some();  // false at the end of the stream

    int socket_;
    std::string received_;
};

}  // namespace outrigger::peers
