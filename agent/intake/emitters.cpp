#include "agent/intake/emitters.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace outrigger::intake {

namespace {

constexpr std::int64_t idle_us = std::int64_t{3600} * 1'000'000;

bool same_texts(const Identity& a, const Identity& b) {
    return a.pid == b.pid && a.service == b.service && a.env == b.env && a.version == b.version && a.host == b.host &&
           a.language == b.language;
}

void journal_gap(Emitter& emitter, std::uint64_t last, std::int64_t now_us, std::uint32_t handle,
                 journal::Batch& batch) {
    std::vector<std::byte> payload;
    journal::append(payload, journal::TornRun{emitter.next, last, journal::Missing::gap});
    journal::Envelope envelope;
    envelope.kind = journal::Kind::torn;
    envelope.emitter = handle;
    envelope.number = last;
    envelope.arrival_us = now_us;
    batch.add(envelope, payload);
}

}  // namespace

std::size_t Emitters::Hash::operator()(const Key& key) const {
    std::size_t value = 0;
    std::memcpy(&value, key.id.data(), sizeof(value));
    return value ^ key.uid;
}

Emitters::Emitters(const std::vector<KnownEmitter>& known) {
    for (const KnownEmitter& mark : known) {
        auto emitter = std::make_unique<Emitter>();
        emitter->identity.emitter = mark.id;
        emitter->identity.uid = mark.uid;
        emitter->next = mark.highest + 1;
        emitter->known = true;
        emitter->last_us = mark.last_us;
        emitters_.emplace(Key{mark.uid, mark.id}, std::move(emitter));
    }
}

std::expected<Emitter*, Refused> Emitters::welcome(const Identity& identity, std::uint64_t first, std::int64_t now_us,
                                                   journal::Batch& batch) {
    if (identity.emitter == EmitterId{})
        return std::unexpected(Refused{Refusal::bad_hello, "emitter", "32 hex digits, not all zero"});
    if (first == 0 || first > limits::last_number)
        return std::unexpected(Refused{Refusal::bad_hello, "first", "a number from 1 to 2^62"});
    auto found = emitters_.find(key_of(identity));
    if (found != emitters_.end()) {
        const Emitter& known = *found->second;
        if (known.draining)
            return std::unexpected(Refused{Refusal::bad_hello, "emitter", "an id whose process is not dead"});
        if (known.known && first > known.next && first - known.next > limits::gap_events)
            return std::unexpected(
                Refused{Refusal::bad_hello, "first", "a number at most 2^32 beyond the last one known"});
    } else {
        if (emitters_.size() >= most) make_room(batch);
        found = emitters_.emplace(key_of(identity), std::make_unique<Emitter>()).first;
        found->second->next = first;
    }
    Emitter& emitter = *found->second;
    if (emitter.handle != 0 && !same_texts(emitter.identity, identity)) {
        batch.forget(emitter.handle);
        emitter.handle = 0;
    }
    emitter.identity = identity;
    emitter.origin = {};
    emitter.last_us = now_us;
    if (first > emitter.next) {
        // Of whom nothing is journaled nothing is known, though another connection may have said hello for it.
        if (emitter.known) journal_gap(emitter, first - 1, now_us, handle(emitter, batch), batch);
        emitter.next = first;
    }
    return &emitter;
}

bool Emitters::is_drained(std::uint32_t uid, const EmitterId& id) const {
    const auto found = emitters_.find(Key{uid, id});
    return found != emitters_.end() && found->second->draining;
}

std::uint32_t Emitters::handle(Emitter& emitter, journal::Batch& batch) {
    if (emitter.handle == 0) {
        emitter.handle = next_handle_++;
        if (next_handle_ == 0) next_handle_ = 1;
        batch.introduce(emitter.handle, emitter.identity);
    }
    emitter.known = true;
    return emitter.handle;
}

void Emitters::leave(Emitter& emitter, journal::Batch& batch) {
    emitter.connection = 0;
    emitter.draining = false;
    if (emitter.known) return;
    if (emitter.handle != 0) batch.forget(emitter.handle);
    emitters_.erase(key_of(emitter.identity));
}

void Emitters::forget_idle(std::int64_t now_us, const std::function<bool(const EmitterId&)>& in_use,
                           journal::Batch& batch) {
    std::erase_if(emitters_, [&](const auto& item) {
        const Emitter& emitter = *item.second;
        if (emitter.connection != 0 || now_us - emitter.last_us < idle_us || in_use(item.first.id)) return false;
        if (emitter.handle != 0) batch.forget(emitter.handle);
        return true;
    });
}

// The longest idle of the uid that holds most goes first, a sixteenth of its emitters at a time.
void Emitters::make_room(journal::Batch& batch) {
    std::map<std::uint32_t, std::vector<Emitter*>> by_uid;
    for (const auto& [id, emitter] : emitters_)
        if (emitter->connection == 0) by_uid[emitter->identity.uid].push_back(emitter.get());
    if (by_uid.empty()) return;
    auto& crowd = std::ranges::max_element(by_uid, {}, [](const auto& item) { return item.second.size(); })->second;
    std::ranges::sort(crowd, {}, &Emitter::last_us);
    crowd.resize(crowd.size() / 16 + 1);
    for (const Emitter* emitter : crowd) {
        if (emitter->handle != 0) batch.forget(emitter->handle);
        emitters_.erase(key_of(emitter->identity));
    }
}

}  // namespace outrigger::intake
