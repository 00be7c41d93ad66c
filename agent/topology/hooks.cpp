// What the stations are told of each other: intake's hooks are called on its thread, the writer's on its own, the
// checkpointer's by whoever has a checkpoint written.
#include <algorithm>
#include <chrono>

#include "agent/topology/places.h"
#include "agent/topology/stations.h"
#include "shared/utc_clock.h"

namespace outrigger {

fold::Checkpointer::Parts Topology::Stations::checkpointer_parts() {
    return {.cursors =
                [this] {
                    auto cursors = accounts_->cursors();
                    cursors["metrics"] = fold_->cursor();
                    return cursors;
                },
            .copy = [this] { return fold_->checkpoint_copy(); },
            .journal_bytes_written =
                [this] {
                    // A journal without room for its next segments does not wait for 64 MiB.
                    if (journal_->wants_checkpoint())
                        bytes_kept_.fetch_add(std::uint64_t{64} << 20, std::memory_order_relaxed);
                    return bytes_kept_.load(std::memory_order_relaxed);
                },
            .checkpointed =
                [this](std::uint64_t position, bool in_fallback) {
                    journal_->checkpointed(position, in_fallback);
                    journal_->needed_after(accounts_->needed_after());
                    journal_->apply_retention(std::chrono::system_clock::now());
                },
            .state_changed = say};
}

journal::WriterHooks Topology::Stations::writer_hooks() {
    return {.batch_begins = [this] { fold_->batch_begins(); },
            .kept =
                [this](const journal::Entry& entry) {
                    bytes_kept_.fetch_add(entry.payload.size(), std::memory_order_relaxed);
                    fold_->apply(entry);
                },
            .batch_ends = [this] { fold_->batch_ends(journal::requests(journal_->mark().counts)); },
            .acknowledged =
                [this](std::span<const journal::Receipt> receipts) {
                    batch_offered_us_.store(0, std::memory_order_relaxed);
                    intake_->kept(receipts);
                },
            .state_changed = say};
}

intake::IntakeHooks Topology::Stations::intake_hooks() {
    return {.offer =
                [this](journal::Batch& batch) {
                    batch_offered_us_.store(utc_us(), std::memory_order_relaxed);
                    return writer_->offer(batch);
                },
            .admit_metric = [this](const MetricView& metric,
                                   std::int64_t now_us) { return metric_names_->admit(metric, now_us); },
            .forget_idle =
                [this](std::int64_t now_us, std::span<const EmitterId> in_use) {
                    fold_->forget_idle(now_us, journal_->status().oldest_position, in_use);
                    std::vector<EmitterId> remembered;
                    for (const auto& mark : fold_->marks()) remembered.push_back(mark.emitter);
                    std::ranges::sort(remembered);
                    return remembered;
                },
            .look_after_socket = [this] { return topology::look_after(listener_, settings_); },
            .say = say};
}

}  // namespace outrigger
