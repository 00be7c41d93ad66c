// One client of the socket: its descriptor, what it sent and was not yet read, what it is owed. Intake's thread alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/intake/admission.h"
#include "shared/file_descriptor.h"

namespace outrigger::intake {

enum class Language : std::uint8_t { undecided, records, lines };

// A welcome says that what comes before `next` is kept: it waits until that is true.
struct OwedWelcome {
    std::uint64_t next = 0;   // the number wanted next
    std::uint64_t batch = 0;  // the last that has something of the emitter
};

struct Connection {
    Connection(FileDescriptor socket, std::uint64_t id, std::uint32_t peer_uid);

    FileDescriptor fd;
    Sender sender;
    std::uint32_t uid = 0;
    Language language = Language::undecided;
    std::vector<std::byte> input;   // read and not yet taken: part of a record or line, or all that found no room
    std::vector<std::byte> output;  // owed to the client; at most some 64 KiB, refusals beyond are passed over
    std::optional<OwedWelcome> welcome;
    std::uint64_t lines = 0;         // of JSON: lines seen, for refusals without a hello
    std::uint64_t acknowledged = 0;  // the last number told to the client
    bool started = false;            // something was taken: a hello comes too late
    bool said_bye = false;           // what may follow is not taken
    bool at_end = false;             // the client will send no more
    bool closing = false;            // close once output is written
    std::int64_t owes_since_us = 0;  // seen closing and with nothing but output left; 0: not yet
    std::uint32_t watched = 0;       // epoll events asked for

    bool owes_nothing() const { return !sender.touched && !sender.in_flight && !welcome && output.empty(); }
};

// What a language did with the bytes it was shown.
struct Consumed {
    std::size_t bytes = 0;
    bool close = false;  // the stream cannot be followed any further
};

// Writes what is owed, without waiting. A client that is gone is owed nothing: it is forgotten when all it sent is
// read.
void write_output(Connection& connection);

inline constexpr std::size_t output_limit = 64 * 1024;

}  // namespace outrigger::intake
