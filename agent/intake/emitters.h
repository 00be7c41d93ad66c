// Who sends: each emitter's owner, id and the number wanted next, counted on from what is in flight; the fold's marks
// are the same as of what is kept. An id is its user's own: of another user, the same one is another emitter, so that
// nobody can take somebody else's. Intake's thread alone.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/journal/batch.h"
#include "agent/sampling/sampler.h"
#include "shared/protocol.h"

namespace outrigger::intake {

// What is known of an emitter before this agent's life: from the fold, after replay.
struct KnownEmitter {
    EmitterId id{};
    std::uint32_t uid = 0;
    std::uint64_t highest = 0;
    std::int64_t last_us = 0;
};

struct Emitter {
    Identity identity;
    std::uint64_t next = 1;        // the number wanted next
    std::uint32_t handle = 0;      // in the journal; 0: not introduced yet
    bool known = false;            // a record of it was journaled
    std::uint64_t connection = 0;  // the live connection or ring drain that speaks for it; 0: none
    bool draining = false;         // it is a ring drain: its process is dead, so nobody else may speak for it
    std::uint64_t batch = 0;       // the last batch that has something of it (Admission numbers them)
    std::int64_t last_us = 0;
    DropTotals drop_totals{};  // the greatest journaled in this life
    sampling::Origin origin;
};

class Emitters {
  public:
    explicit Emitters(const std::vector<KnownEmitter>& known);

    // Lets a hello in: finds or makes its emitter, whose `next` is then the welcome's. A `first` beyond what is known
    // is journaled as a gap. Refused: an id whose ring is being drained; numbers out of range.
    std::expected<Emitter*, Refused> welcome(const Identity& identity, std::uint64_t first, std::int64_t now_us,
                                             journal::Batch& batch);
    // Its process is dead and its ring is being drained.
    bool is_drained(std::uint32_t uid, const EmitterId& id) const;
    // The handle to journal under, introduced to the writer at its first use.
    std::uint32_t handle(Emitter& emitter, journal::Batch& batch);
    // The connection is gone. An emitter of which nothing was journaled is forgotten at once.
    void leave(Emitter& emitter, journal::Batch& batch);
    // Forgets those idle for more than an hour (without a connection, and whose id `in_use` does not claim).
    void forget_idle(std::int64_t now_us, const std::function<bool(const EmitterId&)>& in_use, journal::Batch& batch);

    std::size_t size() const { return emitters_.size(); }

    static constexpr std::size_t most = 65'536;

  private:
    struct Key {
        std::uint32_t uid = 0;
        EmitterId id{};
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };
    static Key key_of(const Identity& identity) { return {identity.uid, identity.emitter}; }
    void make_room(journal::Batch& batch);

    std::unordered_map<Key, std::unique_ptr<Emitter>, Hash> emitters_;
    std::uint32_t next_handle_ = 1;
};

}  // namespace outrigger::intake
