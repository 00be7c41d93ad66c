// A journaled request -> one trace chunk of Datadog's v0.4 payload: its root span and the child spans it brought. Pure:
// no I/O, no clock; the same entry gives the same bytes at each attempt, ids included. Called by the traces worker.
// Format: https://github.com/DataDog/dd-trace-cpp/blob/HEAD/src/datadog/span_data.cpp
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/journal/entry.h"

namespace outrigger::traces {

struct ChunkContext {
    std::uint64_t seed = 0;                  // of this journal: ids that nobody gave follow from it and the position
    std::string_view service, env, version;  // for events that bring none of their own
};

// The entry is a request. False, and nothing appended: its record cannot be read (it was checked before it was kept).
bool append_chunk(std::vector<char>& out, const journal::Entry& entry, const ChunkContext& context);

// What an event is called that says no service, and has none from the agent's settings.
inline constexpr std::string_view nameless_service = "unnamed-service";

}  // namespace outrigger::traces
