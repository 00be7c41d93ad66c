// What the rows sink keeps in the checkpoint beside its cursor. Used by the rows sink's constructor and its worker.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "agent/sinks/rows/rows.h"

namespace outrigger::rows {

// Where a journal's row in the ledger begins.
struct Beginning {
    std::uint64_t position = 0;
    std::uint64_t requests = 0;  // the journal's count there
    bool operator==(const Beginning&) const = default;
};

struct Facts {
    std::optional<journal::Uuid> journal;  // stands above Journal::uuid(): a new one reaches only later segments
    std::optional<std::int32_t> agent;     // our number in the ledger
    std::optional<Beginning> beginning;
    std::optional<std::uint64_t> uncompared;  // F, as long as no ledger was read
    bool operator==(const Facts&) const = default;
};

Facts read_facts(const RowsParts& parts);
// Returns when they are durable.
std::expected<void, Error> keep_facts(const RowsParts& parts, const Facts& facts);

}  // namespace outrigger::rows
