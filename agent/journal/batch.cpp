#include "agent/journal/batch.h"

#include <cassert>

#include "agent/journal/format.h"

namespace outrigger::journal {

void Batch::add(const Envelope& envelope, Bytes payload) {
    assert(payload.size() <= payload_limit);
    append_entry(bytes_, envelope, payload);
}

std::byte* Batch::add(const Envelope& envelope, std::uint32_t payload_bytes) {
    assert(payload_bytes <= payload_limit);
    return append_head(bytes_, envelope, payload_bytes);
}

void Batch::introduce(std::uint32_t emitter, const Identity& identity) { introduced_.emplace_back(emitter, identity); }

void Batch::forget(std::uint32_t emitter) { forgotten_.push_back(emitter); }

void Batch::clear() {
    bytes_.clear();
    introduced_.clear();
    forgotten_.clear();
    receipts_.clear();
    scratch_.clear();
}

}  // namespace outrigger::journal
