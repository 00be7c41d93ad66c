#include "agent/journal/stamper.h"

#include "shared/little_endian.h"

namespace outrigger::journal {
namespace {

// An emitter that intake never introduced; not null, as Entry promises.
const Identity nobody;

std::vector<std::byte> encoded(const Identity& identity) {
    std::vector<std::byte> payload;
    append(payload, identity);
    return payload;
}

}  // namespace

void Stamper::begin_segment(const Header& header) {
    ++serial_;
    seed_ = checksum_seed(header);
}

void Stamper::remember(const Batch& batch) {
    for (const auto& [emitter, identity] : batch.introduced_) {
        const std::uint64_t bytes = entry_bytes(encoded(identity).size());
        auto& known = known_[emitter];
        known_bytes_ += bytes - known.bytes;
        known = Known{identity, bytes, 0, 0};
    }
    last_emitter_ = 0;
}

void Stamper::forget(const Batch& batch) {
    for (const auto emitter : batch.forgotten_) {
        const auto found = known_.find(emitter);
        if (found == known_.end()) continue;
        known_bytes_ -= found->second.bytes;
        known_.erase(found);
    }
    last_emitter_ = 0;
}

Stamper::Known* Stamper::find(std::uint32_t emitter) {
    if (emitter == 0) return nullptr;
    if (emitter == last_emitter_) return last_known_;
    const auto found = known_.find(emitter);
    last_emitter_ = emitter;
    last_known_ = found == known_.end() ? nullptr : &found->second;
    return last_known_;
}

std::uint64_t Stamper::bytes_needed(const Batch& batch, bool anew) {
    ++asked_;
    std::uint64_t bytes = batch.bytes_.size();
    for (std::size_t at = 0; at < batch.bytes_.size();) {
        const std::byte* entry = batch.bytes_.data() + at;
        Known* known = find(load<std::uint32_t>(entry + 16));
        if (known != nullptr && known->asked != asked_) {
            known->asked = asked_;
            if (anew || known->stated != serial_) bytes += known->bytes;
        }
        at += entry_bytes(load<std::uint32_t>(entry + 4));
    }
    return bytes;
}

Place Stamper::stamp(Batch& batch, Place place) {
    pieces_.clear();
    batch.scratch_.clear();
    for (std::size_t at = 0; at < batch.bytes_.size();) {
        std::byte* entry = batch.bytes_.data() + at;
        const Head head = trusted_head(entry);
        Known* known = find(head.envelope.emitter);
        if (known != nullptr && known->stated != serial_) {
            known->stated = serial_;
            const std::size_t start = batch.scratch_.size();
            Envelope envelope{.kind = Kind::identity, .emitter = head.envelope.emitter};
            envelope.arrival_us = head.envelope.arrival_us;
            append_entry(batch.scratch_, envelope, encoded(known->identity));
            journal::stamp(batch.scratch_.data() + start, place.ordinal++, false, seed_);
            add_piece(true, start, batch.scratch_.size() - start);
            ++place.position;
            ++place.counts[static_cast<std::size_t>(Kind::identity)];
        }
        const std::size_t bytes = entry_bytes(head.length);
        journal::stamp(entry, place.ordinal++, at + bytes == batch.bytes_.size(), seed_);
        add_piece(false, at, bytes);
        ++place.position;
        ++place.counts[head.kind];
        place.at_us = head.envelope.arrival_us;
        at += bytes;
    }
    return place;
}

void Stamper::add_piece(bool identity, std::size_t offset, std::size_t bytes) {
    if (!identity && !pieces_.empty() && !pieces_.back().identity) {
        pieces_.back().bytes += bytes;
    } else {
        pieces_.push_back({identity, offset, bytes});
    }
}

std::span<iovec> Stamper::parts(Batch& batch) {
    parts_.clear();
    for (const auto& piece : pieces_)
        parts_.push_back({(piece.identity ? batch.scratch_ : batch.bytes_).data() + piece.offset, piece.bytes});
    return parts_;
}

void Stamper::for_each(const Batch& batch, std::uint64_t first_position, const std::function<void(const Entry&)>& use) {
    Entry entry;
    entry.position = first_position;
    for (const auto& piece : pieces_) {
        const std::byte* at = (piece.identity ? batch.scratch_ : batch.bytes_).data() + piece.offset;
        for (const std::byte* end = at + piece.bytes; at < end; ++entry.position) {
            const Head head = trusted_head(at);
            const Known* known = find(head.envelope.emitter);
            entry.envelope = head.envelope;
            entry.payload = Bytes(at + head_bytes, head.length);
            entry.identity = head.envelope.emitter == 0 ? nullptr : known != nullptr ? &known->identity : &nobody;
            use(entry);
            at += entry_bytes(head.length);
        }
    }
}

}  // namespace outrigger::journal
