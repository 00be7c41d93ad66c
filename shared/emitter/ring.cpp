#include "shared/emitter/ring.h"

#include <cstring>

namespace outrigger {

using ring::CellHead;

namespace {

constexpr std::size_t cells_ahead = 3;  // a typical record

}  // namespace

Ring::Ring(ring::Header& header, std::byte* cells) noexcept : header_(header), cells_(cells), count_(header.cells) {
    std::memcpy(&key_, header.emitter.data(), sizeof key_);
}

std::optional<Ring::Slot> Ring::reserve(std::uint32_t length) noexcept {
    const auto wanted = static_cast<std::uint32_t>(ring::cells_of(length));
    // The marks are read before the word, so they are never ahead of it.
    std::uint64_t released = header_.released_cells.load(std::memory_order_acquire);
    const std::uint64_t released_number = header_.released_number.load(std::memory_order_acquire);
    std::uint64_t word = header_.reservation.load(std::memory_order_acquire);
    for (;;) {
        const std::uint32_t used = ring::low_half(word) - ring::low_half(released);
        if (used + std::uint64_t{wanted} > count_) {
            const std::uint64_t now_released = header_.released_cells.load(std::memory_order_acquire);
            if (now_released == released) return std::nullopt;
            released = now_released;
            word = header_.reservation.load(std::memory_order_acquire);
            continue;
        }
        const std::uint64_t taken = ring::joined(ring::low_half(word) + wanted, ring::high_half(word) + 1);
        if (header_.reservation.compare_exchange_weak(word, taken, std::memory_order_acq_rel)) break;
    }
    const std::uint64_t cell = ring::extended(released, ring::low_half(word));
    return Slot{cells_ + ring::offset_of(cell, count_) + sizeof(CellHead), cell,
                ring::extended(released_number, ring::high_half(word))};
}

void Ring::publish(const Slot& slot, Bytes record) noexcept {
    const std::uint32_t lap = ring::lap_of(slot.cell, count_);
    const auto length = static_cast<std::uint32_t>(record.size());
    const std::uint32_t crc = ring::checksum(lap, slot.number, record);
    if (record.data() != slot.record) std::memcpy(slot.record, record.data(), record.size());
    if (has_later_head(slot, record)) later_heads_.store(true, std::memory_order_relaxed);
    std::byte* head = slot.record - sizeof(CellHead);
    std::memcpy(head + offsetof(CellHead, number), &slot.number, sizeof slot.number);
    std::memcpy(head + offsetof(CellHead, crc), &crc, sizeof crc);
    std::memset(head + offsetof(CellHead, reserved), 0, sizeof(CellHead::reserved));
    std::atomic_ref(*word_at(slot.cell)).store(ring::joined(length, lap), std::memory_order_release);
    // Where the next record goes, the sender has read since: to be fetched while nobody waits.
    const std::byte* next = cells_ + ring::offset_of(slot.cell + ring::cells_of(length), count_);
    for (std::size_t cell = 0; cell < cells_ahead; ++cell) __builtin_prefetch(next + cell * ring::cell_bytes, 1);
}

// Whether record bytes of this lap would be taken for a head in the next. What the record leaves of a word is of older
// laps.
bool Ring::has_later_head(const Slot& slot, Bytes record) const noexcept {
    const std::uint64_t cells = ring::cells_of(record.size());
    for (std::uint64_t cell = 1; cell < cells; ++cell) {
        const std::size_t offset = cell * ring::cell_bytes - sizeof(CellHead);
        std::uint64_t word = 0;
        if (offset + sizeof word <= record.size())
            std::memcpy(&word, record.data() + offset, sizeof word);
        else
            word = std::atomic_ref(*word_at(slot.cell + cell)).load(std::memory_order_relaxed);
        if (ring::high_half(word) == ring::lap_of(slot.cell + cell, count_) + 1) return true;
    }
    return false;
}

void Ring::count_drop(DropReason reason) noexcept {
    header_.drop_totals[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Ring::next_number() const noexcept {
    const std::uint64_t released = header_.released_number.load(std::memory_order_acquire);
    return ring::extended(released, ring::high_half(header_.reservation.load(std::memory_order_acquire)));
}

std::uint64_t Ring::first_unacknowledged() const noexcept {
    return header_.released_number.load(std::memory_order_acquire);
}

DropTotals Ring::drop_totals() const noexcept {
    DropTotals totals{};
    for (std::size_t reason = 0; reason < totals.size(); ++reason)
        totals[reason] = header_.drop_totals[reason].load(std::memory_order_relaxed);
    return totals;
}

Bytes Ring::at(const Cursor& cursor) const noexcept {
    std::uint64_t* word = word_at(cursor.cell);
    const std::uint64_t head = std::atomic_ref(*word).load(std::memory_order_acquire);
    if (ring::high_half(head) != ring::lap_of(cursor.cell, count_)) return {};
    // A length that nobody writes means that the app scribbled here: better to stand still than to read on.
    const std::uint32_t length = ring::low_half(head);
    if (length == 0 || length > limits::record_bytes) return {};
    return {reinterpret_cast<const std::byte*>(word) + sizeof(CellHead), length};
}

void Ring::pass(Cursor& cursor, Bytes record) noexcept {
    cursor.cell += ring::cells_of(record.size());
    ++cursor.number;
}

void Ring::release_through(std::uint64_t number) noexcept {
    Cursor end = released_;
    while (end.number <= number) {
        const Bytes record = at(end);
        if (record.empty()) break;
        pass(end, record);
    }
    if (end.number == released_.number) return;
    header_.released_number.store(end.number, std::memory_order_release);
    if (!closed_) {
        // Hardly ever, and for ever after it happened once; else the cells are left to the cores that have them.
        if (later_heads_.load(std::memory_order_relaxed)) clear_later_heads(end.cell);
        header_.released_cells.store(end.cell, std::memory_order_release);
    }
    released_ = end;
}

void Ring::clear_later_heads(std::uint64_t end) noexcept {
    for (std::uint64_t cell = released_.cell; cell < end; ++cell) {
        const std::atomic_ref word(*word_at(cell));
        if (ring::high_half(word.load(std::memory_order_relaxed)) == ring::lap_of(cell, count_) + 1)
            word.store(0, std::memory_order_relaxed);
    }
}

void Ring::add_drops(DropReason reason, std::uint64_t events) noexcept {
    header_.drop_totals[static_cast<std::size_t>(reason)].fetch_add(events, std::memory_order_relaxed);
}

void Ring::forget_drops(DropReason reason, std::uint64_t events) noexcept {
    header_.drop_totals[static_cast<std::size_t>(reason)].fetch_sub(events, std::memory_order_relaxed);
}

bool Ring::settled() const noexcept {
    Cursor end = released_;
    for (Bytes record = at(end); !record.empty(); record = at(end)) pass(end, record);
    return end.number == next_number();
}

void Ring::close() noexcept {
    closed_ = true;
    std::uint64_t word = header_.reservation.load(std::memory_order_acquire);
    const auto full = static_cast<std::uint32_t>(released_.cell + count_);
    while (!header_.reservation.compare_exchange_weak(word, ring::joined(full, ring::high_half(word)),
                                                      std::memory_order_acq_rel)) {
    }
}

std::uint64_t* Ring::word_at(std::uint64_t cell) const noexcept {
    return reinterpret_cast<std::uint64_t*>(cells_ + ring::offset_of(cell, count_));
}

}  // namespace outrigger
