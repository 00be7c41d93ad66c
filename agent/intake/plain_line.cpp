#include "agent/intake/plain_line.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "shared/trace_ids.h"

namespace outrigger::intake {
namespace {

constexpr std::uint64_t each_byte(std::uint8_t byte) { return std::uint64_t{0x0101010101010101} * byte; }

// Marks, by its top bit, each byte that is not printable ASCII or does not stand for itself within quotes. What such a
// byte lends may mark those above it as well: the lowest mark is right.
constexpr std::uint64_t special(std::uint64_t bytes) {
    const auto is = [bytes](std::uint8_t byte) { return (bytes ^ each_byte(byte)) - each_byte(1); };
    const std::uint64_t control = bytes - each_byte(0x20);
    return (bytes | control | is('"') | is('\\') | is(0x7f)) & each_byte(0x80);
}

// Goes over a line once. What it does not know fails it, for good.
class PlainScan {
  public:
    explicit PlainScan(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

    bool is(char byte) {
        if (at_ == end_ || *at_ != byte) return false;
        ++at_;
        return true;
    }
    bool at_string() const { return at_ != end_ && *at_ == '"'; }
    bool at_end() const { return at_ == end_; }

    bool string(std::string_view& text) {
        if (!is('"')) return false;
        const char* const from = at_;
        at_ = end_of_plain();
        text = {from, static_cast<std::size_t>(at_ - from)};
        return is('"');
    }

    // At most 18 digits, so that it fits; no zeros in front, no fraction, no exponent.
    bool integer(std::int64_t& value) {
        const bool negative = is('-');
        const char* const from = at_;
        std::int64_t found = 0;
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
            if (at_ - from == 18) return false;
            found = found * 10 + (*at_ - '0');
        }
        if (at_ == from || (*from == '0' && (negative || at_ - from > 1))) return false;
        value = negative ? -found : found;
        return true;
    }

    // The members of an object: calls member(key), which reads the value and says whether it could.
    template <class Member>
    bool object(const Member& member) {
        if (!is('{')) return false;
        if (is('}')) return true;
        do {
            skip_spaces();
            std::string_view key;
            if (!string(key) || !is(':')) return false;
            skip_spaces();
            if (!member(key)) return false;
        } while (is(','));
        return is('}');
    }

  private:
    const char* end_of_plain() const {
        const char* at = at_;
        for (; end_ - at >= 8; at += 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, at, sizeof bytes);
            if constexpr (std::endian::native == std::endian::big) bytes = std::byteswap(bytes);
            if (const std::uint64_t found = special(bytes); found != 0) return at + std::countr_zero(found) / 8;
        }
        while (at != end_ && *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') ++at;
        return at;
    }
    void skip_spaces() {
        while (is(' ')) {
        }
    }

    const char* at_;
    const char* end_;
};

class PlainRequest {
  public:
    PlainRequest(std::string_view line, std::span<Tag> tags) : scan_(line), tags_(tags) {}

    std::optional<RequestEvent> read() {
        if (!scan_.object([this](std::string_view key) { return member(key); }) || !scan_.at_end()) return std::nullopt;
        if (status_ < 100 || status_ > 599 || !has_duration_) return std::nullopt;
        event_.status = static_cast<int>(status_);
        return event_;
    }

  private:
    // By length first: a key is compared with those that it can be.
    bool member(std::string_view key) {
        switch (key.size()) {
            case 4:
                if (key == "path") return scan_.string(event_.path);
                if (key == "type") return type();
                if (key == "tags") return tags();
                break;
            case 5:
                if (key == "route") return scan_.string(event_.route);
                if (key == "error") return error();
                if (key == "spans") return false;
                break;
            case 6:
                if (key == "method") return scan_.string(event_.method);
                if (key == "status") return scan_.integer(status_);
                if (key == "client") return scan_.string(event_.client);
                break;
            case 7:
                if (key == "message") return scan_.string(event_.message);
                if (key == "span_id") return span_id(event_.span_id);
                break;
            case 8:
                if (key == "trace_id") return trace_id();
                if (key == "start_us") return optional(event_.start_us);
                if (key == "priority") return priority();
                break;
            case 9:
                if (key == "parent_id") return span_id(event_.parent_id);
                break;
            case 11:
                if (key == "duration_us") return has_duration_ = scan_.integer(event_.duration_us);
                break;
            case 13:
                if (key == "request_bytes") return optional(event_.request_bytes);
                break;
            case 14:
                if (key == "response_bytes") return optional(event_.response_bytes);
                break;
            default:
                break;
        }
        return unknown();
    }

    bool type() {
        std::string_view text;
        return scan_.string(text) && text == "request";
    }
    bool unknown() {
        std::string_view text;
        std::int64_t number = 0;
        return scan_.at_string() ? scan_.string(text) : scan_.integer(number);
    }
    bool optional(std::optional<std::int64_t>& value) {
        std::int64_t number = 0;
        if (!scan_.integer(number)) return false;
        value = number;
        return true;
    }
    bool trace_id() {
        std::string_view text;
        if (!scan_.string(text)) return false;
        const auto id = parse_hex_trace_id(text, HexCase::either);
        event_.trace_id = id.value_or(TraceId{});
        return id.has_value();
    }
    bool span_id(std::uint64_t& value) {
        std::string_view text;
        if (!scan_.string(text)) return false;
        const auto id = parse_hex_id(text, HexCase::either);
        value = id.value_or(0);
        return id.has_value();
    }
    bool priority() {
        std::int64_t number = 0;
        if (!scan_.integer(number) || number < -1 || number > 2) return false;
        event_.priority = static_cast<std::int8_t>(number);
        return true;
    }
    bool error() {
        event_.error = {};
        return scan_.object([this](std::string_view key) {
            if (key == "type") return scan_.string(event_.error.type);
            if (key == "message") return scan_.string(event_.error.message);
            return key == "stack" && scan_.string(event_.error.stack);
        });
    }
    bool tags() {
        std::size_t count = 0;
        const bool read = scan_.object([&](std::string_view key) {
            std::string_view value;
            if (!scan_.string(value)) return false;
            if (count < tags_.size()) tags_[count++] = {key, value};
            return true;
        });
        event_.tags = tags_.first(count);
        return read;
    }

    PlainScan scan_;
    std::span<Tag> tags_;
    RequestEvent event_;
    std::int64_t status_ = 0;
    bool has_duration_ = false;
};

}  // namespace

std::optional<RequestEvent> read_plain_line(std::string_view line, std::span<Tag> tags) {
    return PlainRequest(line, tags).read();
}

}  // namespace outrigger::intake
