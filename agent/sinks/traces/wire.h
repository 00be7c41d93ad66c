// HTTP to Datadog's agent, over TCP or a Unix socket: one connection, kept, remade when it is gone. Replies are read
// with a cap, and every call ends within the limit, or twice that from a peer that sends byte by byte. Used by the
// traces worker, on its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "agent/sinks/traces/reply.h"
#include "agent/sinks/traces/traces.h"

namespace outrigger::traces {

class Wire {
  public:
    static constexpr std::size_t reply_cap_bytes = std::size_t{1} << 20;

    explicit Wire(const TracesSettings& settings);
    ~Wire();

    // POST /v0.4/traces. `rates_version`: of the rates known already. An error says what went wrong, for people.
    // The body is sent from where it lies.
    std::expected<Reply, std::string> send(std::string_view body, std::size_t traces, const std::string& rates_version);
    // GET /info: whether anybody is there.
    std::expected<Reply, std::string> ask();
    // Any thread: ends the call that runs, and every later one.
    void cut();

  private:
    class Client;
    std::unique_ptr<Client> client_;
};

}  // namespace outrigger::traces
