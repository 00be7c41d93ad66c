// What a checkpoint keeps of the StatsD sink, as bytes. Pure.
#pragma once

#include "agent/fold/bytes.h"
#include "agent/fold/deltas.h"

namespace outrigger::fold {

void write(ByteWriter& out, const books::Cursor& cursor);
books::Cursor read_cursor(ByteReader& in);

void write(ByteWriter& out, const FlushState& state);
// `series`: how many request series there are. Damage shows in in.whole().
FlushState read_flushes(ByteReader& in, std::size_t series);

}  // namespace outrigger::fold
