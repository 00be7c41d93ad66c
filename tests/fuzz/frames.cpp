// The record protocol: each frame is refused, or says the same when it is written anew; and a client's stream of frames
// comes to the same however the socket cuts it.
#include <cstring>

#include "shared/protocol.h"
#include "tests/fuzz/kit/intake_bench.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

// `more`: what of a frame the writer may leave out.
template <class Parse>
void check_frame(Bytes frame, Parse parse) {
    const auto read = parse(frame);
    if (!read) return expect(!read.error().field.empty(), "a refusal says which field");
    std::vector<std::byte> anew;
    append(anew, *read);
    const auto again = parse(anew);
    expect(again.has_value(), "a frame that was read can be written and read");
    std::vector<std::byte> third;
    append(third, *again);
    expect(third == anew, "a frame has one form");
}

void check_frames(Bytes frame) {
    check_frame(frame, parse_hello);
    check_frame(frame, parse_welcome);
    check_frame(frame, parse_ack);
    check_frame(frame, parse_refused);
    check_frame(frame, parse_dropped);
}

// The head made right, so that damage lies deeper.
void check_headed(Bytes body) {
    if (body.size() > 8'192) return;
    for (const FrameKind kind :
         {FrameKind::hello, FrameKind::welcome, FrameKind::ack, FrameKind::refused, FrameKind::dropped}) {
        std::vector<std::byte> frame(frame_head_bytes);
        frame.insert(frame.end(), body.begin(), body.end());
        store(frame.data(), static_cast<std::uint32_t>(frame.size()));
        frame[4] = static_cast<std::byte>(kind);
        frame[5] = std::byte{1};
        frame.shrink_to_fit();
        check_frames(frame);
    }
}

}  // namespace

FUZZ_TARGET(frames) {
    check_frames(input);
    check_headed(input);
    fuzz::Source source(input);
    const auto cuts = fuzz::read_cuts(source);
    std::vector<std::byte> stream;
    for (const char each : record_magic) stream.push_back(static_cast<std::byte>(each));
    const Bytes rest = source.rest();
    stream.insert(stream.end(), rest.begin(), rest.end());
    const auto whole = fuzz::hear(stream, {});
    fuzz::expect_same(whole, fuzz::hear(stream, cuts));
    fuzz::expect_balanced(whole);
}
