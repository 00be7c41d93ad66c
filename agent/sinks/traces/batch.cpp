#include "agent/sinks/traces/batch.h"

namespace outrigger::traces {

namespace {

// More than the greatest record can become: its text, and what is said anew of each of its spans.
constexpr std::size_t most_chunk_bytes = 256 * 1024;

void write_array_head(char* out, std::size_t elements) {
    *out++ = '\xdd';
    for (const unsigned shift : {24U, 16U, 8U, 0U}) *out++ = static_cast<char>(elements >> shift & 0xff);
}

}  // namespace

Batch::Filled Batch::fill(journal::Reader& reader, const ChunkContext& context, std::int64_t oldest_us) {
    bytes_.resize(array_head_bytes);
    items_.clear();
    first_ = 0;
    from_ = to_ = reader.position();
    requests_ = journal::requests(reader.counts());
    while (bytes_.size() < most_body_bytes - most_chunk_bytes && items_.size() < most_items) {
        const journal::Step& step = reader.next();
        if (step.what == journal::Step::What::end) return Filled::end;
        if (step.what == journal::Step::What::retry) return Filled::retry;
        to_ = reader.position();
        requests_ = journal::requests(reader.counts());
        if (step.what == journal::Step::What::entry)
            take(step.entry, context, oldest_us);
        else
            add_lost(journal::requests(step.counts), step.reason == journal::LossReason::journal_full
                                                         ? books::SinkDrop::journal_full
                                                         : books::SinkDrop::damaged);
    }
    return Filled::full;
}

void Batch::take(const journal::Entry& entry, const ChunkContext& context, std::int64_t oldest_us) {
    if (entry.envelope.kind != journal::Kind::request) return;
    if (entry.envelope.arrival_us < oldest_us) return add_lost(1, books::SinkDrop::too_old);
    if (!append_chunk(bytes_, entry, context)) return add_lost(1, books::SinkDrop::damaged);
    items_.push_back({.end = bytes_.size(),
                      .position = entry.position,
                      .requests = requests_,
                      .arrival_us = entry.envelope.arrival_us});
}

void Batch::add_lost(std::uint64_t events, books::SinkDrop reason) {
    if (items_.empty() || items_.back().lost != reason) items_.push_back({.events = 0, .lost = reason});
    Item& item = items_.back();
    item.end = bytes_.size();
    item.position = to_;
    item.requests = requests_;
    item.events += events;
}

std::int64_t Batch::oldest_us() const {
    for (std::size_t item = first_; item < items_.size(); ++item)
        if (items_[item].to_be_sent()) return items_[item].arrival_us;
    return 0;
}

void Batch::drop_old(std::int64_t oldest_us, books::Cursor& cursor) {
    std::size_t end = first_;
    for (; end < items_.size(); ++end) {
        Item& item = items_[end];
        if (item.to_be_sent() && item.arrival_us >= oldest_us) break;
        if (item.to_be_sent()) item.lost = books::SinkDrop::too_old;
    }
    settle(end, books::SinkDrop::count_, cursor);
}

Batch::Part Batch::next(std::size_t most_chunks) {
    Part part{first_, 0, {}};
    while (part.end < items_.size() && (part.chunks < most_chunks || !items_[part.end].to_be_sent())) {
        if (items_[part.end].to_be_sent()) ++part.chunks;
        ++part.end;
    }
    char* const begin = bytes_.data() + begin_of(first_) - array_head_bytes;
    write_array_head(begin, part.chunks);
    part.body = {begin, bytes_.data() + begin_of(part.end)};
    return part;
}

void Batch::delivered(const Part& part, books::Cursor& cursor) { settle(part.end, books::SinkDrop::count_, cursor); }

void Batch::refused(const Part& part, books::Cursor& cursor) {
    settle(part.end, books::SinkDrop::refused_by_agent, cursor);
}

void Batch::settle(std::size_t end, books::SinkDrop outcome, books::Cursor& cursor) {
    for (; first_ < end; ++first_) {
        const Item& item = items_[first_];
        const books::SinkDrop reason = item.to_be_sent() ? outcome : item.lost;
        (reason == books::SinkDrop::count_ ? cursor.delivered : cursor.dropped[static_cast<std::size_t>(reason)]) +=
            item.events;
        cursor.position = item.position;
        cursor.requests = item.requests;
    }
    if (first_ < items_.size()) return;
    cursor.position = to_;
    cursor.requests = requests_;
    from_ = to_;
}

}  // namespace outrigger::traces
