#include "agent/journal/journal.h"

#include <random>
#include <utility>

#include "agent/journal/recovery.h"
#include "agent/journal/retention.h"
#include "agent/journal/segment_reader.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

Uuid make_uuid() {
    std::random_device random;
    Uuid uuid{};
    for (auto& byte : uuid) byte = static_cast<std::uint8_t>(random());
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    return uuid;
}

std::expected<std::unique_ptr<Journal>, Error> Journal::open(JournalSettings settings,
                                                             std::uint64_t checkpoint_position,
                                                             std::uint64_t kept_position) {
    auto disk = settings.disk ? settings.disk : std::make_shared<Disk>();
    auto recovered = recover(*disk, settings, checkpoint_position, kept_position);
    auto state = std::make_unique<State>(std::move(settings), std::move(disk), std::move(recovered));
    state->checkpointed(checkpoint_position, true);
    return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::~Journal() = default;

Mark Journal::mark() const { return state_->mark(); }

Mark Journal::wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point deadline) const {
    return state_->wait_beyond(position, deadline);
}

void Journal::wake_waiters() { state_->wake_waiters(); }

std::unique_ptr<Reader> Journal::read_from(std::uint64_t position, const std::optional<Counts>& counts, Reads when) {
    return std::make_unique<SegmentReader>(*state_, position, counts, when);
}

Uuid Journal::uuid() const { return state_->uuid(); }
void Journal::set_uuid(const Uuid& uuid) { state_->set_uuid(uuid); }

void Journal::checkpointed(std::uint64_t position, bool in_fallback) { state_->checkpointed(position, in_fallback); }
void Journal::needed_after(std::uint64_t position) { state_->needed_after(position); }
bool Journal::wants_checkpoint() const { return state_->wants_checkpoint(); }

void Journal::apply_retention(std::chrono::system_clock::time_point now) { remove_segments(*state_, now, {}); }

JournalStatus Journal::status() const { return state_->status(); }
const JournalSettings& Journal::settings() const { return state_->settings(); }

}  // namespace outrigger::journal
