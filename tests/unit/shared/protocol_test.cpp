#include "shared/protocol.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/little_endian.h"

namespace outrigger {
namespace {

using Frame = std::vector<std::byte>;

Hello full_hello() {
    Hello hello;
    hello.identity.emitter = {0x9F, 0x0C, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    hello.identity.pid = 4711;
    hello.identity.service = "shop";
    hello.identity.env = "prod";
    hello.identity.version = "1.0.3";
    hello.identity.host = "web-1";
    hello.identity.language = "c++";
    hello.first = 42;
    hello.ring = "9f0c01.ring";
    return hello;
}

template <typename Message>
Frame framed(const Message& message) {
    Frame frame;
    append(frame, message);
    return frame;
}

// No prefix of a frame is accepted, nor the frame with a byte more, nor one that says another length, kind or version.
template <typename Parse>
void check_strict(const Frame& frame, Parse parse) {
    REQUIRE(parse(frame).has_value());
    for (std::size_t size = 0; size < frame.size(); ++size) CHECK_FALSE(parse(Bytes(frame).first(size)).has_value());
    Frame longer = frame;
    longer.push_back(std::byte{0});
    CHECK_FALSE(parse(longer).has_value());
    store(longer.data(), static_cast<std::uint32_t>(longer.size()));
    CHECK_FALSE(parse(longer).has_value());
    for (const std::size_t at : {0, 4, 5}) {
        Frame other = frame;
        other[at] ^= std::byte{0x40};
        CHECK_FALSE(parse(other).has_value());
    }
}

}  // namespace

TEST_CASE("a hello comes back as it was sent, but for what only the kernel knows") {
    Hello hello = full_hello();
    hello.identity.uid = 1000;
    const Frame frame = framed(hello);
    CHECK(load<std::uint32_t>(frame.data()) == frame.size());
    const auto parsed = parse_hello(frame);
    REQUIRE(parsed);
    CHECK(parsed->identity.emitter == hello.identity.emitter);
    CHECK(parsed->identity.uid == 0);
    CHECK(parsed->identity.pid == 4711);
    CHECK(parsed->identity.service == "shop");
    CHECK(parsed->identity.env == "prod");
    CHECK(parsed->identity.version == "1.0.3");
    CHECK(parsed->identity.host == "web-1");
    CHECK(parsed->identity.language == "c++");
    CHECK(parsed->first == 42);
    CHECK(parsed->ring == "9f0c01.ring");
    check_strict(frame, parse_hello);
}

TEST_CASE("a hello with another's text is refused, and one of ours is cut before it leaves") {
    Hello hello = full_hello();
    hello.identity.service = std::string(300, 's');
    hello.identity.env = "a\xFF";
    const auto cut = parse_hello(framed(hello));
    REQUIRE(cut);
    CHECK(cut->identity.service == std::string(253, 's') + "…");
    CHECK(cut->identity.env == "a\uFFFD");

    Frame frame = framed(full_hello());
    frame[8 + 16 + 8 + 4 + 2] = std::byte{0xFF};  // the first letter of the service
    REQUIRE_FALSE(parse_hello(frame));
    CHECK(parse_hello(frame).error().field == "service");
    CHECK(parse_hello(frame).error().reason == Refusal::bad_hello);
}

TEST_CASE("a hello with a text beyond its limit is refused, though every length agrees") {
    constexpr std::size_t service = 8 + 16 + 8 + 4;
    for (const std::size_t size : {256, 257}) {
        Frame frame = framed(full_hello());
        frame.insert(frame.begin() + service + 2, size - 4, std::byte{'s'});
        store(frame.data() + service, static_cast<std::uint16_t>(size));
        store(frame.data(), static_cast<std::uint32_t>(frame.size()));
        CHECK(parse_hello(frame).has_value() == (size == 256));
    }
}

TEST_CASE("a hello without an id, with a number that cannot be or a ring elsewhere is a bad hello") {
    struct {
        const char* field;
        void (*set)(Hello&);
    } const bad[] = {
        {"emitter", [](Hello& hello) { hello.identity.emitter = {}; }},
        {"first", [](Hello& hello) { hello.first = 0; }},
        {"first", [](Hello& hello) { hello.first = limits::last_number + 1; }},
        {"ring", [](Hello& hello) { hello.ring = "../other"; }},
        {"ring", [](Hello& hello) { hello.ring = ".."; }},
        {"ring", [](Hello& hello) { hello.ring = std::string(65, 'r'); }},
    };
    for (const auto& [field, set] : bad) {
        Hello hello = full_hello();
        set(hello);
        const auto parsed = parse_hello(framed(hello));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().reason == Refusal::bad_hello);
        CHECK(parsed.error().field == field);
    }
    Hello hello = full_hello();
    hello.first = limits::last_number;
    hello.ring = "";
    CHECK(parse_hello(framed(hello)));
}

TEST_CASE("welcome, ack, refused and dropped come back as they were sent") {
    const auto welcome = parse_welcome(framed(Welcome{77, 1000}));
    REQUIRE(welcome);
    CHECK(welcome->next == 77);
    CHECK(welcome->greatest_record == 1000);
    check_strict(framed(Welcome{}), parse_welcome);
    CHECK_FALSE(parse_welcome(framed(Welcome{0, 1000})));

    REQUIRE(parse_ack(framed(Ack{1ULL << 40})));
    CHECK(parse_ack(framed(Ack{1ULL << 40}))->number == 1ULL << 40);
    check_strict(framed(Ack{5}), parse_ack);

    const auto refused = parse_refused(framed(RefusedFrame{9, Refusal::bad_name, std::string(600, 'd')}));
    REQUIRE(refused);
    CHECK(refused->number == 9);
    CHECK(refused->reason == Refusal::bad_name);
    CHECK(refused->detail == std::string(509, 'd') + "…");
    check_strict(framed(RefusedFrame{9, Refusal::malformed, "x"}), parse_refused);
    CHECK_FALSE(parse_refused(framed(RefusedFrame{9, Refusal::count_, "x"})));

    const auto dropped = parse_dropped(framed(Dropped{DropReason::no_ring, 17}));
    REQUIRE(dropped);
    CHECK(dropped->reason == DropReason::no_ring);
    CHECK(dropped->total == 17);
    check_strict(framed(Dropped{DropReason::other, 1}), parse_dropped);
    CHECK_FALSE(parse_dropped(framed(Dropped{DropReason::count_, 1})));
    CHECK(parse_dropped(framed(Dropped{DropReason::other, limits::last_number})));
    CHECK_FALSE(parse_dropped(framed(Dropped{DropReason::other, limits::last_number + 1})));
}

TEST_CASE("frames follow each other, and bye is a head alone") {
    Frame frames = framed(Ack{1});
    const std::size_t first = frames.size();
    append_bye(frames);
    REQUIRE(frames.size() == first + frame_head_bytes);
    CHECK(load<std::uint32_t>(frames.data()) == first);
    CHECK(load<std::uint32_t>(frames.data() + first) == frame_head_bytes);
    CHECK(frames[first + 4] == static_cast<std::byte>(FrameKind::bye));
}

TEST_CASE("each drop reason has a name that leads back to it") {
    for (std::size_t i = 0; i < static_cast<std::size_t>(DropReason::count_); ++i) {
        const auto reason = static_cast<DropReason>(i);
        CHECK(to_drop_reason(to_string(reason)) == reason);
    }
    CHECK(to_string(DropReason::ring_full) == "ring_full");
    CHECK(to_string(DropReason::other) == "other");
    CHECK_FALSE(to_drop_reason("gap"));
    CHECK_FALSE(to_drop_reason(""));
}

}  // namespace outrigger
