#include "agent/journal/format.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "shared/crc32c.h"
#include "shared/little_endian.h"

namespace outrigger::journal {
namespace {

constexpr std::array<char, 8> magic = {'O', 'U', 'T', 'R', 'J', 'R', 'N', '\n'};
constexpr std::uint32_t version = 1;
constexpr std::size_t counts_at = 80;
constexpr std::size_t crc_at = header_copy_bytes - 4;
constexpr std::uint8_t start_bits = 3;
constexpr std::uint8_t kept_bit = 8;
constexpr std::uint8_t last_bit = 16;
constexpr std::uint8_t known_bits = start_bits | kept_bit | last_bit;

std::optional<Header> parse_copy(Bytes copy) {
    const std::byte* at = copy.data();
    if (std::memcmp(at, magic.data(), magic.size()) != 0) return std::nullopt;
    if (load<std::uint32_t>(at + crc_at) != crc32c(copy.first(crc_at))) return std::nullopt;
    if (load<std::uint32_t>(at + 8) != version) return std::nullopt;
    const std::size_t kinds = load<std::uint32_t>(at + 12);
    Header header;
    header.id = load<std::uint64_t>(at + 16);
    header.generation = load<std::uint64_t>(at + 24);
    std::memcpy(header.uuid.data(), at + 32, header.uuid.size());
    std::memcpy(header.continues.data(), at + 48, header.continues.size());
    header.first = load<std::uint64_t>(at + 64);
    header.created_us = load<std::int64_t>(at + 72);
    if (kinds > header.before.size() || header.id > last_segment_id || header.first == 0) return std::nullopt;
    for (std::size_t kind = 0; kind < kinds; ++kind)
        header.before[kind] = load<std::uint64_t>(at + counts_at + 8 * kind);
    return header;
}

}  // namespace

std::string segment_name(std::uint64_t id) {
    std::array<char, 24> name{};
    const int length = std::snprintf(name.data(), name.size(), "%016llx.seg", static_cast<unsigned long long>(id));
    return {name.data(), static_cast<std::size_t>(length)};
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != 20 || !name.ends_with(".seg")) return std::nullopt;
    std::uint64_t id = 0;
    const char* const digits = name.data();
    const auto [end, error] = std::from_chars(digits, digits + 16, id, 16);
    if (error != std::errc{} || end != digits + 16 || segment_name(id) != name) return std::nullopt;
    return id;
}

void append(std::vector<std::byte>& out, const Header& header) {
    std::array<std::byte, header_copy_bytes> copy{};
    std::byte* at = copy.data();
    std::memcpy(at, magic.data(), magic.size());
    store(at + 8, version);
    store(at + 12, static_cast<std::uint32_t>(header.before.size()));
    store(at + 16, header.id);
    store(at + 24, header.generation);
    std::memcpy(at + 32, header.uuid.data(), header.uuid.size());
    std::memcpy(at + 48, header.continues.data(), header.continues.size());
    store(at + 64, header.first);
    store(at + 72, header.created_us);
    for (std::size_t kind = 0; kind < header.before.size(); ++kind)
        store(at + counts_at + 8 * kind, header.before[kind]);
    store(at + crc_at, crc32c(Bytes(copy).first(crc_at)));
    out.insert(out.end(), copy.begin(), copy.end());
    out.insert(out.end(), copy.begin(), copy.end());
}

std::optional<ParsedHeader> parse_header(Bytes bytes) {
    if (bytes.size() < header_bytes) return std::nullopt;
    const auto one = parse_copy(bytes.first(header_copy_bytes));
    const auto two = parse_copy(bytes.subspan(header_copy_bytes, header_copy_bytes));
    if (!one && !two) return std::nullopt;
    return ParsedHeader{one ? *one : *two, !one || !two};
}

std::uint32_t checksum_seed(const Header& header) {
    std::array<std::byte, 8> id{};
    store(id.data(), header.id);
    return crc32c(id, crc32c(std::as_bytes(std::span(header.uuid))));
}

void append_entry(std::vector<std::byte>& out, const Envelope& envelope, Bytes payload) {
    std::byte* room = append_head(out, envelope, payload.size());
    if (!payload.empty()) std::memcpy(room, payload.data(), payload.size());
}

std::byte* append_head(std::vector<std::byte>& out, const Envelope& envelope, std::size_t payload_bytes) {
    const std::size_t start = out.size();
    out.resize(start + entry_bytes(payload_bytes));  // zeros the padding too
    std::byte* at = out.data() + start;
    store(at + 4, static_cast<std::uint32_t>(payload_bytes));
    store(at + 8, static_cast<std::uint8_t>(envelope.kind));
    store(at + 9, static_cast<std::uint8_t>(static_cast<unsigned>(envelope.start) | (envelope.kept ? kept_bit : 0U)));
    store(at + 10, envelope.priority);
    store(at + 11, envelope.mechanism);
    store(at + 16, envelope.emitter);
    store(at + 24, envelope.number);
    store(at + 32, envelope.arrival_us);
    return at + head_bytes;
}

void stamp(std::byte* entry, std::uint32_t ordinal, bool last_of_batch, std::uint32_t seed) {
    const auto flags = load<std::uint8_t>(entry + 9);
    store(entry + 9, static_cast<std::uint8_t>(last_of_batch ? flags | last_bit : flags & ~unsigned{last_bit}));
    store(entry + 12, ordinal);
    const std::size_t bytes = entry_bytes(load<std::uint32_t>(entry + 4));
    store(entry, crc32c(Bytes(entry + 4, bytes - 4), seed));
}

void append_seal(std::vector<std::byte>& out, std::uint32_t ordinal, const Counts& counts, std::uint32_t seed) {
    std::array<std::byte, sizeof(Counts)> payload{};
    for (std::size_t kind = 0; kind < counts.size(); ++kind) store(payload.data() + 8 * kind, counts[kind]);
    const std::size_t start = out.size();
    append_entry(out, Envelope{}, payload);
    store(out.data() + start + 8, seal_kind);
    stamp(out.data() + start, ordinal, true, seed);
}

std::optional<Counts> parse_seal(Bytes payload) {
    Counts counts{};
    if (payload.size() != sizeof(Counts)) return std::nullopt;
    for (std::size_t kind = 0; kind < counts.size(); ++kind)
        counts[kind] = load<std::uint64_t>(payload.data() + 8 * kind);
    return counts;
}

std::optional<Head> parse_head(const std::byte* at) {
    const auto kind = load<std::uint8_t>(at + 8);
    if (kind == 0 || (kind >= static_cast<std::uint8_t>(Kind::count_) && kind != seal_kind)) return std::nullopt;
    const auto flags = load<std::uint8_t>(at + 9);
    if ((flags & ~unsigned{known_bits}) != 0 || (flags & start_bits) > static_cast<unsigned>(Start::arrival))
        return std::nullopt;
    if (load<std::int8_t>(at + 11) < -1 || load<std::uint32_t>(at + 20) != 0) return std::nullopt;
    if (load<std::uint32_t>(at + 4) > payload_limit) return std::nullopt;
    return trusted_head(at);
}

Head trusted_head(const std::byte* at) {
    Head head;
    const auto flags = load<std::uint8_t>(at + 9);
    head.kind = load<std::uint8_t>(at + 8);
    head.length = load<std::uint32_t>(at + 4);
    head.ordinal = load<std::uint32_t>(at + 12);
    head.last_of_batch = (flags & last_bit) != 0;
    head.envelope.kind = static_cast<Kind>(head.kind);
    head.envelope.start = static_cast<Start>(flags & start_bits);
    head.envelope.kept = (flags & kept_bit) != 0;
    head.envelope.priority = load<std::int8_t>(at + 10);
    head.envelope.mechanism = load<std::int8_t>(at + 11);
    head.envelope.emitter = load<std::uint32_t>(at + 16);
    head.envelope.number = load<std::uint64_t>(at + 24);
    head.envelope.arrival_us = load<std::int64_t>(at + 32);
    return head;
}

bool validates(const std::byte* entry, const Head& head, std::uint32_t seed) {
    const std::size_t bytes = entry_bytes(head.length);
    return load<std::uint32_t>(entry) == crc32c(Bytes(entry + 4, bytes - 4), seed);
}

}  // namespace outrigger::journal
