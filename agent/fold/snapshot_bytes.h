// The fold's share of a checkpoint, as bytes. Label values go in as they are, rendered text does not. Pure.
#pragma once

#include <vector>

#include "agent/fold/bytes.h"
#include "agent/fold/snapshot.h"

namespace outrigger::fold {

void write(ByteWriter& out, const Snapshot& snapshot);
// The snapshot borrows its keys from the reader's bytes and its chunks from `labels`. Damage shows in in.whole().
void read(ByteReader& in, Snapshot& snapshot, std::vector<SeriesLabels>& labels);

}  // namespace outrigger::fold
