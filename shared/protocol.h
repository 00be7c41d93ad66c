// The record protocol on the Unix socket: frames around records. The emitter's sender writes requests, the agent's
// intake reads them; welcome, ack and refused go the other way. Encoding and decoding are pure; every length is
// checked.
//
//   client: magic (8 bytes) · hello · then any of request, metric (records as in record.h), dropped, bye
//   agent:  welcome, once · ack, cumulative · refused
//   Each frame starts like a record: u32 length (whole frame) · u8 kind · u8 version (1) · u16 0. Records are frames as
//   they are: a request or a metric takes the next number of its connection, nothing else does.
//
//   hello    u8[16] emitter id · u64 first (lowest unacknowledged number, from 1) · u32 pid ·
//            six texts, each u16 length + bytes: service, env, version, host, language, ring name
//   welcome  u64 next (the number wanted next) · u32 greatest record length
//   ack      u64 number (everything up to it is kept)
//   refused  u64 number · u8 reason (Refusal) · u16 length + text for people
//   dropped  u8 reason (DropReason) · u64 total, cumulative
//   bye      nothing
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "shared/record.h"

namespace outrigger {

inline constexpr std::array<char, 8> record_magic = {'O', 'U', 'T', 'R', 'I', 'G', '1', '\n'};
inline constexpr std::size_t frame_head_bytes = 8;

enum class FrameKind : std::uint8_t {
    request = 1,
    metric = 2,
    hello = 16,
    dropped = 17,
    bye = 18,
    welcome = 32,
    ack = 33,
    refused = 34,
};

// Why an emitter dropped an event. The closed set that JSON `dropped` lines may name too.
enum class DropReason : std::uint8_t {
    ring_full,
    not_started,
    no_ring,
    too_long,
    invalid,
    queue_full,
    timeout,
    other,
    count_
};
std::string_view to_string(DropReason reason);
std::optional<DropReason> to_drop_reason(std::string_view name);

using EmitterId = std::array<std::uint8_t, 16>;  // random for each process incarnation; all zero: none
using DropTotals = std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count_)>;

struct Identity {
    EmitterId emitter{};
    std::uint32_t uid = 0;  // of the peer, by the kernel's word; not on the wire
    std::uint32_t pid = 0;
    std::string service, env, version, host, language;
};

struct Hello {
    Identity identity;
    std::uint64_t first = 1;
    std::string ring;  // name of its ring file, [A-Za-z0-9_-][A-Za-z0-9._-]*; empty: none
};
struct Welcome {
    std::uint64_t next = 1;
    std::uint32_t greatest_record = limits::record_bytes;
};
struct Ack {
    std::uint64_t number = 0;
};
struct RefusedFrame {
    std::uint64_t number = 0;
    Refusal reason = Refusal::malformed;
    std::string detail;
};
struct Dropped {
    DropReason reason = DropReason::other;
    std::uint64_t total = 0;
};

// Each adds one whole frame. Texts are mended and cut to their limits.
void append(std::vector<std::byte>& out, const Hello& hello);
void append(std::vector<std::byte>& out, const Welcome& welcome);
void append(std::vector<std::byte>& out, const Ack& ack);
void append(std::vector<std::byte>& out, const RefusedFrame& refused);
void append(std::vector<std::byte>& out, const Dropped& dropped);
void append_bye(std::vector<std::byte>& out);

// Each takes one whole frame, head included; Refused says which field was wrong.
std::expected<Hello, Refused> parse_hello(Bytes frame);
std::expected<Welcome, Refused> parse_welcome(Bytes frame);
std::expected<Ack, Refused> parse_ack(Bytes frame);
std::expected<RefusedFrame, Refused> parse_refused(Bytes frame);
std::expected<Dropped, Refused> parse_dropped(Bytes frame);

}  // namespace outrigger
