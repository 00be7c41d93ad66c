#include "agent/intake/admission.h"

#include <algorithm>

namespace outrigger::intake {

namespace {

constexpr std::int64_t hour_us = std::int64_t{3600} * 1'000'000;

}  // namespace

Admission::Admission(Emitters& emitters, Counters& counters, std::chrono::days retention, AdmitMetric admit_metric,
                     sampling::SamplerSettings sampling)
    : emitters_(emitters),
      counters_(counters),
      retention_us_(std::chrono::microseconds(retention).count()),
      admit_metric_(std::move(admit_metric)),
      sampler_(std::move(sampling)) {}

std::expected<void, Refused> Admission::hello(Sender& sender, const Identity& identity, std::uint64_t first) {
    const std::size_t before = batch_.bytes();
    const auto emitter = emitters_.welcome(identity, first, now_us_, batch_);
    if (!emitter) return std::unexpected(emitter.error());
    sender.emitter = *emitter;
    if (batch_.bytes() > before) sender.emitter->batch = filling_;  // a gap, which is to be kept, too
    if (sender.emitter->connection != 0) displaced_.push_back(sender.emitter->connection);
    sender.emitter->connection = sender.id;
    sender.sent = sender.kept = sender.emitter->next - 1;
    return {};
}

void Admission::touch(Sender& sender) {
    if (sender.touched) return;
    sender.touched = true;
    touched_.push_back(&sender);
}

journal::Envelope Admission::envelope(Sender& sender, journal::Kind kind, bool numbered) {
    journal::Envelope envelope;
    envelope.kind = kind;
    envelope.arrival_us = now_us_;
    if (sender.emitter == nullptr) return envelope;
    Emitter& emitter = *sender.emitter;
    envelope.emitter = emitters_.handle(emitter, batch_);
    emitter.last_us = now_us_;
    emitter.batch = filling_;
    touch(sender);
    if (numbered) {
        envelope.number = emitter.next++;
        sender.sent = envelope.number;
    }
    return envelope;
}

journal::Envelope Admission::request_envelope(Sender& sender, std::optional<std::int64_t> start_us,
                                              const sampling::Candidate& request) {
    auto entry = envelope(sender, journal::Kind::request, true);
    if (!start_us)
        entry.start = request.duration_us < retention_us_ ? journal::Start::before_arrival : journal::Start::arrival;
    else if (*start_us < now_us_ - retention_us_ || *start_us > now_us_ + hour_us)
        entry.start = journal::Start::arrival;
    Emitter* const emitter = sender.emitter;
    const auto decision = emitter == nullptr ? sampler_.decide(request)
                                             : sampler_.decide(request, emitter->identity.service,
                                                               emitter->identity.env, emitter->origin);
    entry.priority = decision.priority;
    entry.kept = decision.kept;
    entry.mechanism = static_cast<std::int8_t>(decision.mechanism);
    return entry;
}

void Admission::request(Sender& sender, const RequestView& view, Bytes record) {
    batch_.add(request_envelope(sender, view.start_us, sampling::Candidate(view)), record);
}

std::byte* Admission::request(Sender& sender, const RequestEvent& event, std::uint32_t record_bytes) {
    return batch_.add(request_envelope(sender, event.start_us, sampling::Candidate(event)), record_bytes);
}

std::expected<void, Refused> Admission::metric(Sender& sender, const MetricView& view, Bytes record) {
    if (auto admitted = admit_metric_(view, now_us_); !admitted) return admitted;
    batch_.add(envelope(sender, journal::Kind::metric, true), record);
    return {};
}

void Admission::refuse(Sender& sender, Refusal reason) {
    if (sender.emitter == nullptr) {
        refuse_unnumbered(reason);
        return;
    }
    Emitter& emitter = *sender.emitter;
    const std::uint64_t number = emitter.next++;
    emitter.last_us = now_us_;
    emitter.batch = filling_;
    sender.sent = number;
    if (sender.run.first == 0) sender.run.first = number;
    sender.run.last = number;
    ++sender.run.by_reason[static_cast<std::size_t>(reason)];
    touch(sender);
}

void Admission::refuse_unnumbered(Refusal reason) {
    counters_.refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

void Admission::drop_total(Sender& sender, DropReason reason, std::uint64_t total, bool numbered) {
    if (sender.emitter == nullptr) return;
    auto& known = sender.emitter->drop_totals[static_cast<std::size_t>(reason)];
    if (!numbered && total <= known) return;
    known = std::max(known, total);
    payload_.clear();
    journal::append(payload_, journal::DropTotal{reason, total});
    batch_.add(envelope(sender, journal::Kind::drop_total, numbered), payload_);
}

void Admission::torn(Sender& sender, std::uint64_t first, std::uint64_t last) {
    if (sender.emitter == nullptr) return;
    auto entry = envelope(sender, journal::Kind::torn, false);
    entry.number = last;
    sender.emitter->next = last + 1;
    sender.sent = last;
    payload_.clear();
    journal::append(payload_, journal::TornRun{first, last, journal::Missing::torn});
    batch_.add(entry, payload_);
}

void Admission::leave(Sender& sender) {
    if (sender.emitter == nullptr) return;
    if (sender.run.first != 0) {  // its refusals are still owed to the journal
        auto entry = envelope(sender, journal::Kind::refused, false);
        entry.number = sender.run.last;
        payload_.clear();
        journal::append(payload_, sender.run);
        batch_.add(entry, payload_);
    }
    std::erase(touched_, &sender);
    if (sender.emitter->connection == sender.id) emitters_.leave(*sender.emitter, batch_);
    sender.emitter = nullptr;
}

journal::Batch& Admission::close_batch() {
    const auto touched = std::move(touched_);
    touched_.clear();
    for (Sender* sender : touched) {
        if (sender->run.first != 0) {
            auto entry = envelope(*sender, journal::Kind::refused, false);
            entry.number = sender->run.last;
            payload_.clear();
            journal::append(payload_, sender->run);
            batch_.add(entry, payload_);
            sender->run = {};
        }
        batch_.add_receipt({sender->id, sender->sent});
        sender->touched = false;
        sender->in_flight = true;
    }
    closed_ = true;
    return batch_;
}

}  // namespace outrigger::intake
