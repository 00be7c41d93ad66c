// A journal that was never on disk: entries of tests, in order, as the writer hands them to the fold.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "agent/fold/fold.h"
#include "tests/unit/shared/encoded.h"

namespace outrigger::test {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t hour_us = 3'600 * second_us;

struct RequestOf {
    std::string_view route = "/";
    int status = 200;
    std::int64_t duration_us = 1'000;
    std::string_view error_type = {};
    std::vector<Tag> tags = {};
    TraceId trace_id = {};
    bool kept = true;
};

class Entries {
  public:
    std::uint64_t missing = 0;  // positions before the next entry that no entry has
    std::int64_t now_us = 1'763'800'000 * second_us;

    // An emitter; `id` is the first byte of its identity.
    const Identity* emitter(std::uint8_t id, std::string service = "shop", std::uint32_t uid = 1000) {
        Identity made;
        made.emitter[0] = id;
        made.emitter[1] = 1;
        made.uid = uid;
        made.service = std::move(service);
        return &identities_.emplace_back(std::move(made));
    }

    void request(const RequestOf& what, const Identity* from = nullptr, std::uint64_t number = 0) {
        RequestEvent event;
        event.method = "GET";
        event.route = what.route;
        event.status = what.status;
        event.duration_us = what.duration_us;
        event.error.type = what.error_type;
        event.tags = what.tags;
        event.trace_id = what.trace_id;
        journal::Envelope envelope;
        envelope.kept = what.kept;
        add(envelope, encoded(event), from, number);
    }

    void metric(MetricKind kind, std::string_view name, double value, const std::vector<Tag>& tags = {},
                const Identity* from = nullptr, std::uint64_t number = 0) {
        MetricEvent event;
        event.kind = kind;
        event.name = name;
        event.value = value;
        event.tags = tags;
        journal::Envelope envelope;
        envelope.kind = journal::Kind::metric;
        add(envelope, encoded(event), from, number);
    }

    template <class Payload>
    void other(journal::Kind kind, const Payload& payload, const Identity* from, std::uint64_t number = 0) {
        journal::Envelope envelope;
        envelope.kind = kind;
        std::vector<std::byte> bytes;
        journal::append(bytes, payload);
        add(envelope, std::move(bytes), from, number);
    }

    void add(journal::Envelope envelope, std::vector<std::byte> payload, const Identity* from = nullptr,
             std::uint64_t number = 0) {
        envelope.arrival_us = now_us;
        envelope.number = number;
        envelope.emitter = from == nullptr ? 0 : from->emitter[0];
        const auto& kept = payloads_.emplace_back(std::move(payload));
        entries_.push_back({missing + first_ + entries_.size(), envelope, kept, from});
    }

    std::span<const journal::Entry> all() const { return entries_; }
    std::span<const journal::Entry> take_new() {
        const auto fresh = all().subspan(taken_);
        taken_ = entries_.size();
        return fresh;
    }

    // Forgets what has been taken, and goes on with the next position.
    void clear() {
        first_ += entries_.size();
        payloads_.clear();
        entries_.clear();
        taken_ = 0;
    }

  private:
    std::deque<Identity> identities_;
    std::deque<std::vector<std::byte>> payloads_;
    std::vector<journal::Entry> entries_;
    std::size_t taken_ = 0;
    std::uint64_t first_ = 1;
};

inline void apply(fold::Fold& fold, std::span<const journal::Entry> entries) {
    fold.batch_begins();
    for (const auto& entry : entries) fold.apply(entry);
    fold.batch_ends();
}

}  // namespace outrigger::test
