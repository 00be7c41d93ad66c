#include "shared/emitter/session.h"

#include <algorithm>
#include <span>

namespace outrigger {

Session::Session(Hello hello, Ring* ring) : ring_(ring) {
    if (ring_ != nullptr) cursor_ = ring_->released();
    first_ = cursor_.number;
    hello.first = first_;
    out_.reserve(write_bytes + limits::record_bytes);
    const auto magic = std::as_bytes(std::span(record_magic));
    out_.insert(out_.end(), magic.begin(), magic.end());
    append(out_, hello);
}

Session::Verdict Session::take(Bytes received) {
    in_.insert(in_.end(), received.begin(), received.end());
    std::size_t at = 0;
    Verdict verdict = Verdict::fine;
    while (verdict == Verdict::fine && in_.size() - at >= frame_head_bytes) {
        const std::uint32_t length = record_length(in_.data() + at);
        if (length < frame_head_bytes || length > limits::record_bytes) return Verdict::broken;
        if (in_.size() - at < length) break;
        verdict = take_frame(Bytes(in_).subspan(at, length));
        at += length;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
    return verdict;
}

Session::Verdict Session::take_frame(Bytes frame) {
    switch (static_cast<FrameKind>(frame[4])) {
        case FrameKind::welcome: {
            const auto welcome = parse_welcome(frame);
            return welcome ? take_welcome(*welcome) : Verdict::broken;
        }
        case FrameKind::ack: {
            const auto ack = parse_ack(frame);
            return ack ? take_ack(*ack) : Verdict::broken;
        }
        case FrameKind::refused:
            if (!welcomed()) return Verdict::refused;  // of the hello
            ++refused_;  // the agent counts and journals it; an acknowledgement passes over it
            return Verdict::fine;
        default:
            return Verdict::fine;  // of a later agent
    }
}

Session::Verdict Session::take_welcome(const Welcome& welcome) {
    if (welcomed() || welcome.next < first_) return Verdict::broken;
    const std::uint64_t own_next = ring_ != nullptr ? ring_->next_number() : 1;
    if (welcome.next > own_next) return Verdict::behind;
    next_ = welcome.next;
    return Verdict::fine;
}

// Up to what was appended, or what the agent had before: more than that was never said.
Session::Verdict Session::take_ack(const Ack& ack) {
    if (!welcomed() || ack.number >= std::max(cursor_.number, next_)) return Verdict::broken;
    acknowledged_ = true;
    if (ring_ == nullptr) return Verdict::fine;
    ring_->release_through(ack.number);
    if (cursor_.number < ring_->released().number) cursor_ = ring_->released();
    return Verdict::fine;
}

std::size_t Session::fill(const DropTotals& totals) {
    if (!welcomed()) return 0;
    if (to_send().empty()) fill_totals(totals);  // with each write, and no more than that
    std::size_t records = 0;
    while (ring_ != nullptr) {
        const Bytes record = ring_->at(cursor_);
        if (record.empty()) break;
        if (cursor_.number >= next_) {
            if (to_send().size() + record.size() > write_bytes && !to_send().empty()) break;
            out_.insert(out_.end(), record.begin(), record.end());
            records += record.size();
        }
        Ring::pass(cursor_, record);
    }
    return records;
}

void Session::fill_totals(const DropTotals& totals) {
    for (std::size_t reason = 0; reason < totals.size(); ++reason) {
        if (totals[reason] <= told_[reason]) continue;
        append(out_, Dropped{static_cast<DropReason>(reason), totals[reason]});
        told_[reason] = totals[reason];
    }
}

void Session::say_bye() { append_bye(out_); }

void Session::sent(std::size_t bytes) { out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(bytes)); }

}  // namespace outrigger
