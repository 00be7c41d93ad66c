#include "agent/sinks/rows/batch.h"

namespace outrigger::rows {

void Batch::begin(const journal::Reader& reader) {
    bytes_.clear();
    ends_.clear();
    positions_.clear();
    days_.clear();
    losses_.clear();
    oldest_us_ = newest_us_ = 0;
    from_ = to_ = reader.position();
    requests_ = journal::requests(reader.counts());
}

Batch::Filled Batch::fill(journal::Reader& reader, const RowContext& context, std::size_t most_rows,
                          std::size_t most_entries) {
    for (std::size_t i = 0; rows() < most_rows && bytes_.size() < most_bytes; ++i) {
        if (i == most_entries) return Filled::more;
        const journal::Step& step = reader.next();
        if (step.what == journal::Step::What::end) return Filled::end;
        if (step.what == journal::Step::What::retry) return Filled::retry;
        if (step.what == journal::Step::What::entry) {
            take(step.entry, context);
        } else {
            const bool full = step.reason == journal::LossReason::journal_full;
            losses_.push_back({step.first, step.last, journal::requests(step.counts),
                               full ? books::SinkDrop::journal_full : books::SinkDrop::damaged});
        }
        to_ = reader.position();
        requests_ = journal::requests(reader.counts());
    }
    return Filled::full;
}

void Batch::take(const journal::Entry& entry, const RowContext& context) {
    newest_us_ = entry.envelope.arrival_us;
    if (oldest_us_ == 0) oldest_us_ = newest_us_;
    if (entry.envelope.kind != journal::Kind::request) return;
    const auto start_us = append_row(bytes_, entry, context);
    if (!start_us) {
        losses_.push_back({entry.position, entry.position, 1, books::SinkDrop::damaged});
        return;
    }
    ends_.push_back(bytes_.size());
    positions_.push_back(entry.position);
    const Day day = day_of(*start_us);
    if (days_.empty() || *days_.rbegin() != day) days_.insert(day);
}

std::uint64_t Batch::accepted() const {
    std::uint64_t sum = rows();
    for (const Loss& loss : losses_) sum += loss.events;
    return sum;
}

std::span<const char> Batch::tuples(std::size_t first, std::size_t end) const {
    const std::size_t low = first == 0 ? 0 : ends_[first - 1];
    const std::size_t high = end == 0 ? 0 : ends_[end - 1];
    return std::span(bytes_).subspan(low, high - low);
}

}  // namespace outrigger::rows
