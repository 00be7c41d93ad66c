// An agent for the emitter's tests: a real Unix socket, the record protocol, and every misbehaviour a test asks for.
// What it received is kept only by commit(); die() forgets the rest, as a killed agent does. Nothing here waits: each
// step() does what the sockets allow.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/file_descriptor.h"
#include "shared/protocol.h"
#include "shared/unix_socket.h"

namespace outrigger::test {

class FakeAgent {
  public:
    explicit FakeAgent(std::string path) : path_(std::move(path)) {}

    void listen();
    void step();    // accepts, reads and answers hellos
    void commit();  // keeps what was received, and acknowledges it unless `acks` is off
    void serve() {
        step();
        commit();
    }
    void die();                                      // every socket is closed, what was not committed is forgotten
    void send(const std::vector<std::byte>& frame);  // to the newest connection

    bool welcomes = true;
    std::size_t refusals = 0;  // of the next hellos
    bool acks = true;
    bool reads = true;
    std::optional<std::uint64_t> next_override;  // of the next welcome

    struct Kept {
        std::vector<std::string> records;  // of the numbers 1, 2, ... unless `first` says otherwise
        std::uint64_t first = 0;
        DropTotals drops{};
        std::uint64_t next() const { return first + records.size(); }
    };
    std::map<EmitterId, Kept> kept;
    std::vector<Hello> hellos;
    std::size_t accepted = 0;  // connections
    std::size_t byes = 0;
    std::vector<std::string> wrong;  // what an emitter must not do

  private:
    struct Connection {
        FileDescriptor socket;
        std::vector<std::byte> in;
        bool magic = false;
        std::optional<Hello> hello;
        std::uint64_t next = 0;
        std::uint64_t acked = 0;
        std::vector<std::string> received;  // not committed; their last number is next - 1
        DropTotals drops{};
        bool closed = false;
    };

    void read(Connection& connection);
    void take(Connection& connection);
    void take_frame(Connection& connection, Bytes frame);
    void take_hello(Connection& connection, const Hello& hello);
    void commit(Connection& connection);
    static void write(const Connection& connection, const std::vector<std::byte>& frame);

    std::string path_;
    std::optional<UnixListener> listener_;
    std::vector<Connection> connections_;
};

}  // namespace outrigger::test
