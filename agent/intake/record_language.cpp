#include "agent/intake/record_language.h"

#include <cstring>
#include <string>

#include "shared/protocol.h"

namespace outrigger::intake::records {

namespace {

void answer_refused(Connection& connection, std::uint64_t number, const Refused& refused) {
    if (connection.output.size() > output_limit) return;
    std::string detail(refused.field);
    if (!refused.accepted.empty()) detail.append(": ").append(refused.accepted);
    append(connection.output, RefusedFrame{number, refused.reason, detail});
}

void refuse(Connection& connection, Admission& admission, const Refused& refused) {
    admission.refuse(connection.sender, refused.reason);
    answer_refused(connection, connection.sender.sent, refused);
}

bool take_hello(Connection& connection, Admission& admission, Bytes frame) {
    auto hello = parse_hello(frame);
    std::expected<void, Refused> welcome = std::unexpected(Refused{Refusal::unexpected, "hello", "one hello, first"});
    if (!hello) {
        welcome = std::unexpected(Refused{Refusal::bad_hello, hello.error().field, hello.error().accepted});
    } else if (admission.comes_too_late(connection.uid, hello->identity.emitter)) {
        return connection.said_bye = true;
    } else if (connection.sender.emitter == nullptr) {
        hello->identity.uid = connection.uid;
        welcome = admission.hello(connection.sender, hello->identity, hello->first);
    }
    if (!welcome) {
        admission.refuse_unnumbered(welcome.error().reason);
        answer_refused(connection, 0, welcome.error());
        return false;
    }
    connection.acknowledged = connection.sender.kept;
    const Emitter& emitter = *connection.sender.emitter;
    if (admission.is_kept(emitter.batch))
        records::welcome(connection, emitter.next);
    else
        connection.welcome = {emitter.next, emitter.batch};
    return true;
}

bool take_dropped(Connection& connection, Admission& admission, Bytes frame) {
    const auto dropped = parse_dropped(frame);
    if (!dropped) return false;
    admission.drop_total(connection.sender, dropped->reason, dropped->total, false);
    return true;
}

void take_request(Connection& connection, Admission& admission, Bytes frame) {
    if (const auto view = RequestView::parse(frame))
        admission.request(connection.sender, *view, frame);
    else
        refuse(connection, admission, view.error());
}

void take_metric(Connection& connection, Admission& admission, Bytes frame) {
    const auto view = MetricView::parse(frame);
    if (!view) return refuse(connection, admission, view.error());
    if (const auto admitted = admission.metric(connection.sender, *view, frame); !admitted)
        refuse(connection, admission, admitted.error());
}

// False: the stream cannot be followed any further.
bool take_frame(Connection& connection, Admission& admission, Bytes frame) {
    const auto kind = static_cast<FrameKind>(frame[4]);
    if (kind == FrameKind::hello) return take_hello(connection, admission, frame);
    if (connection.sender.emitter == nullptr) return false;
    switch (kind) {
        case FrameKind::request:
            take_request(connection, admission, frame);
            return true;
        case FrameKind::metric:
            take_metric(connection, admission, frame);
            return true;
        case FrameKind::dropped:
            return take_dropped(connection, admission, frame);
        case FrameKind::bye:
            connection.said_bye = true;
            return true;
        default:
            return false;
    }
}

}  // namespace

Consumed take(Connection& connection, Admission& admission, Bytes bytes) {
    Consumed consumed;
    std::uint64_t frames = 0;
    if (!connection.started) {
        if (bytes.size() < record_magic.size()) return consumed;
        consumed.bytes = record_magic.size();
        connection.started = true;
    }
    while (admission.has_room() && !connection.said_bye && bytes.size() - consumed.bytes >= frame_head_bytes) {
        const Bytes rest = bytes.subspan(consumed.bytes);
        const std::uint32_t length = record_length(rest.data());
        if (length < frame_head_bytes || length > limits::record_bytes) {
            consumed.close = true;
            break;
        }
        if (rest.size() < length) break;
        ++frames;
        consumed.bytes += length;
        if (!take_frame(connection, admission, rest.first(length))) {
            consumed.close = true;
            break;
        }
    }
    admission.counters().lines.fetch_add(frames, std::memory_order_relaxed);
    if (consumed.close) admission.counters().broken_frames.fetch_add(1, std::memory_order_relaxed);
    return consumed;
}

void welcome(Connection& connection, std::uint64_t next) { append(connection.output, Welcome{next}); }

void acknowledge(Connection& connection, std::uint64_t number) { append(connection.output, Ack{number}); }

}  // namespace outrigger::intake::records
