// The desk where every event passes, whichever language it came in: gives it a number, an arrival time and a sampling
// decision, and puts it into the batch for the journal. Intake's thread alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/intake/counters.h"
#include "agent/intake/emitters.h"
#include "agent/journal/batch.h"
#include "agent/sampling/sampler.h"
#include "shared/record.h"

namespace outrigger::intake {

// Whoever hands events in: a connection, or a ring whose process is dead.
struct Sender {
    std::uint64_t id = 0;        // names it in receipts
    Emitter* emitter = nullptr;  // null: no hello, so no numbers and no acknowledgements
    std::uint64_t sent = 0;      // the last number put into a batch
    std::uint64_t kept = 0;      // the last number known to be kept
    bool touched = false;        // something of it is in the batch being filled
    bool in_flight = false;      // something of it is in the batch the writer has
    journal::RefusedRun run;     // refusals in the batch being filled
};

// Decides whether a custom metric's name and tags may be used; reasons bad_name and conflicting_kind.
using AdmitMetric = std::function<std::expected<void, Refused>(const MetricView&, std::int64_t now_us)>;

class Admission {
  public:
    Admission(Emitters& emitters, Counters& counters, std::chrono::days retention, AdmitMetric admit_metric,
              sampling::SamplerSettings sampling);

    void set_now(std::int64_t now_us) {
        now_us_ = now_us;
        sampler_.set_now(now_us);
    }
    std::int64_t now_us() const { return now_us_; }
    // Whether one more record may be taken; false until the writer has taken the batch.
    bool has_room() const { return !closed_ && batch_.bytes() < journal::Batch::full_bytes; }

    // The newest to speak for an emitter wins: `displaced` then gets the id of the sender that did so before.
    std::expected<void, Refused> hello(Sender& sender, const Identity& identity, std::uint64_t first);
    // A hello that its process sent before it died: all that it had to say is in its ring.
    bool comes_too_late(std::uint32_t uid, const EmitterId& id) const { return emitters_.is_drained(uid, id); }
    std::vector<std::uint64_t>& displaced() { return displaced_; }
    void request(Sender& sender, const RequestView& view, Bytes record);
    // The same of a record that is still to be written, at once, to where this points.
    std::byte* request(Sender& sender, const RequestEvent& event, std::uint32_t record_bytes);
    std::expected<void, Refused> metric(Sender& sender, const MetricView& view, Bytes record);
    // Takes the next number; without a hello it is counted and not journaled.
    void refuse(Sender& sender, Refusal reason);
    // A refused hello or bye: no number, only counted.
    void refuse_unnumbered(Refusal reason);
    // Cumulative; journaled when it grew. A JSON line takes a number, a frame does not.
    void drop_total(Sender& sender, DropReason reason, std::uint64_t total, bool numbered);
    void torn(Sender& sender, std::uint64_t first, std::uint64_t last);
    void leave(Sender& sender);
    void forget_idle(const std::function<bool(const EmitterId&)>& in_use) {
        emitters_.forget_idle(now_us_, in_use, batch_);
    }

    // Makes the batch ready to be offered: refused runs and receipts at its end. Not to be called twice for one batch.
    journal::Batch& close_batch();
    journal::Batch& batch() { return batch_; }
    const journal::Batch& batch() const { return batch_; }
    void batch_taken() {
        closed_ = false;
        ++filling_;
    }
    void batch_kept() { kept_ = filling_ - 1; }  // the one that was taken last
    // Whether the journal has this batch and all before it.
    bool is_kept(std::uint64_t batch) const { return batch <= kept_; }
    bool batch_closed() const { return closed_; }
    bool anything() const { return !batch_.empty() || !touched_.empty(); }

    Counters& counters() { return counters_; }

  private:
    journal::Envelope envelope(Sender& sender, journal::Kind kind, bool numbered);
    void touch(Sender& sender);
    journal::Envelope request_envelope(Sender& sender, std::optional<std::int64_t> start_us,
                                       const sampling::Candidate& request);

    Emitters& emitters_;
    Counters& counters_;
    std::int64_t retention_us_;
    AdmitMetric admit_metric_;
    sampling::Sampler sampler_;
    std::int64_t now_us_ = 0;
    journal::Batch batch_;
    bool closed_ = false;
    std::uint64_t filling_ = 1;  // the number of the batch being filled
    std::uint64_t kept_ = 0;     // of the last one that the journal kept
    std::vector<Sender*> touched_;
    std::vector<std::uint64_t> displaced_;
    std::vector<std::byte> payload_;
};

}  // namespace outrigger::intake
