#include "shared/protocol.h"

#include <algorithm>

#include "shared/little_endian.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"

namespace outrigger {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(DropReason::count_)> drop_reasons = {
    "ring_full", "not_started", "no_ring", "too_long", "invalid", "queue_full", "timeout", "other",
};
static_assert(!drop_reasons.back().empty());

// Adds a frame at the end of `out`; its length is stored when the frame is complete.
class FrameWriter {
  public:
    FrameWriter(std::vector<std::byte>& out, FrameKind kind) : out_(out), from_(out.size()) {
        number(std::uint32_t{0});
        number(static_cast<std::uint8_t>(kind));
        number(layout::version);
        number(std::uint16_t{0});
    }
    ~FrameWriter() { store(out_.data() + from_, static_cast<std::uint32_t>(out_.size() - from_)); }
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    template <std::integral T>
    void number(T value) {
        store(more(sizeof(T)), value);
    }
    void bytes(std::span<const std::uint8_t> bytes) { std::ranges::copy(std::as_bytes(bytes), more(bytes.size())); }
    void text(std::string_view text, std::size_t limit) {
        const std::size_t length = utf8::mended_length(text, limit);
        number(static_cast<std::uint16_t>(length));
        utf8::mend(text, limit, reinterpret_cast<char*>(more(length)));
    }

  private:
    std::byte* more(std::size_t bytes) {
        out_.resize(out_.size() + bytes);
        return out_.data() + out_.size() - bytes;
    }

    std::vector<std::byte>& out_;
    std::size_t from_;
};

// Reads a frame front to back. The first thing that is wrong is kept as `refused()`; reads after it give zeros.
class FrameReader {
  public:
    FrameReader(Bytes frame, FrameKind kind, Refusal reason) : left_(frame), reason_(reason) {
        const std::size_t length = frame.size();
        if (number<std::uint32_t>("length") != length) refuse("length", "that of the frame");
        if (number<std::uint8_t>("kind") != static_cast<std::uint8_t>(kind)) refuse("kind", "that of the frame");
        if (number<std::uint8_t>("version") != layout::version) refuse("version", "1");
        number<std::uint16_t>("reserved");
    }

    template <std::integral T>
    T number(std::string_view field) {
        const Bytes bytes = take(sizeof(T), field);
        return bytes.empty() ? T{} : load<T>(bytes.data());
    }
    template <std::size_t N>
    std::array<std::uint8_t, N> array(std::string_view field) {
        std::array<std::uint8_t, N> result{};
        const Bytes bytes = take(N, field);
        if (!bytes.empty()) std::memcpy(result.data(), bytes.data(), N);
        return result;
    }
    std::string text(std::string_view field, std::size_t limit) {
        const std::size_t length = number<std::uint16_t>(field);
        if (length > limit) refuse(field, "a text within its limit");
        const Bytes bytes = take(length, field);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (!utf8::is_clean(text)) refuse(field, "UTF-8");
        return std::string(text);
    }
    void refuse(std::string_view field, std::string_view accepted) {
        if (!refused_) refused_ = Refused{reason_, field, accepted};
        left_ = {};
    }

    // What was read, when the frame was right and wholly read.
    template <typename T>
    std::expected<T, Refused> result(T value) {
        if (!left_.empty()) refuse("length", "nothing behind the last field");
        if (refused_) return std::unexpected(*refused_);
        return value;
    }

  private:
    Bytes take(std::size_t bytes, std::string_view field) {
        if (bytes > left_.size()) {
            refuse(field, "a whole frame");
            return {};
        }
        const Bytes taken = left_.first(bytes);
        left_ = left_.subspan(bytes);
        return taken;
    }

    Bytes left_;
    Refusal reason_;
    std::optional<Refused> refused_;
};

bool is_ring_name(std::string_view name) {
    return !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

}  // namespace

std::string_view to_string(DropReason reason) {
    const auto index = static_cast<std::size_t>(reason);
    return index < drop_reasons.size() ? drop_reasons[index] : "other";
}

std::optional<DropReason> to_drop_reason(std::string_view name) {
    const auto found = std::ranges::find(drop_reasons, name);
    if (found == drop_reasons.end()) return std::nullopt;
    return static_cast<DropReason>(found - drop_reasons.begin());
}

void append(std::vector<std::byte>& out, const Hello& hello) {
    FrameWriter frame(out, FrameKind::hello);
    frame.bytes(hello.identity.emitter);
    frame.number(hello.first);
    frame.number(hello.identity.pid);
    frame.text(hello.identity.service, limits::identity_text_bytes);
    frame.text(hello.identity.env, limits::identity_text_bytes);
    frame.text(hello.identity.version, limits::identity_text_bytes);
    frame.text(hello.identity.host, limits::identity_text_bytes);
    frame.text(hello.identity.language, limits::identity_text_bytes);
    frame.text(hello.ring, limits::ring_name_bytes);
}

void append(std::vector<std::byte>& out, const Welcome& welcome) {
    FrameWriter frame(out, FrameKind::welcome);
    frame.number(welcome.next);
    frame.number(welcome.greatest_record);
}

void append(std::vector<std::byte>& out, const Ack& ack) { FrameWriter(out, FrameKind::ack).number(ack.number); }

void append(std::vector<std::byte>& out, const RefusedFrame& refused) {
    FrameWriter frame(out, FrameKind::refused);
    frame.number(refused.number);
    frame.number(static_cast<std::uint8_t>(refused.reason));
    frame.text(refused.detail, limits::refusal_detail_bytes);
}

void append(std::vector<std::byte>& out, const Dropped& dropped) {
    FrameWriter frame(out, FrameKind::dropped);
    frame.number(static_cast<std::uint8_t>(dropped.reason));
    frame.number(dropped.total);
}

void append_bye(std::vector<std::byte>& out) { FrameWriter(out, FrameKind::bye); }

std::expected<Hello, Refused> parse_hello(Bytes frame) {
    FrameReader reader(frame, FrameKind::hello, Refusal::bad_hello);
    Hello hello;
    hello.identity.emitter = reader.array<16>("emitter");
    hello.first = reader.number<std::uint64_t>("first");
    hello.identity.pid = reader.number<std::uint32_t>("pid");
    hello.identity.service = reader.text("service", limits::identity_text_bytes);
    hello.identity.env = reader.text("env", limits::identity_text_bytes);
    hello.identity.version = reader.text("version", limits::identity_text_bytes);
    hello.identity.host = reader.text("host", limits::identity_text_bytes);
    hello.identity.language = reader.text("language", limits::identity_text_bytes);
    hello.ring = reader.text("ring", limits::ring_name_bytes);
    if (hello.identity.emitter == EmitterId{}) reader.refuse("emitter", "128 random bits");
    if (hello.first == 0 || hello.first > limits::last_number) reader.refuse("first", "1 to 2^62");
    if (!is_ring_name(hello.ring)) reader.refuse("ring", "a file name of letters, digits, dots, dashes");
    return reader.result(std::move(hello));
}

std::expected<Welcome, Refused> parse_welcome(Bytes frame) {
    FrameReader reader(frame, FrameKind::welcome, Refusal::malformed);
    Welcome welcome;
    welcome.next = reader.number<std::uint64_t>("next");
    welcome.greatest_record = reader.number<std::uint32_t>("greatest_record");
    if (welcome.next == 0) reader.refuse("next", "1 or more");
    return reader.result(welcome);
}

std::expected<Ack, Refused> parse_ack(Bytes frame) {
    FrameReader reader(frame, FrameKind::ack, Refusal::malformed);
    return reader.result(Ack{reader.number<std::uint64_t>("number")});
}

std::expected<RefusedFrame, Refused> parse_refused(Bytes frame) {
    FrameReader reader(frame, FrameKind::refused, Refusal::malformed);
    RefusedFrame refused;
    refused.number = reader.number<std::uint64_t>("number");
    const auto reason = reader.number<std::uint8_t>("reason");
    refused.detail = reader.text("detail", limits::refusal_detail_bytes);
    if (reason >= static_cast<std::uint8_t>(Refusal::count_)) reader.refuse("reason", "a known refusal");
    refused.reason = static_cast<Refusal>(reason);
    return reader.result(std::move(refused));
}

std::expected<Dropped, Refused> parse_dropped(Bytes frame) {
    FrameReader reader(frame, FrameKind::dropped, Refusal::malformed);
    const auto reason = reader.number<std::uint8_t>("reason");
    const auto total = reader.number<std::uint64_t>("total");
    if (reason >= static_cast<std::uint8_t>(DropReason::count_)) reader.refuse("reason", "a known reason");
    if (total > limits::last_number) reader.refuse("total", "a number up to 2^62");
    return reader.result(Dropped{static_cast<DropReason>(reason), total});
}

}  // namespace outrigger
