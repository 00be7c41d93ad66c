// One segment's part of an inspection.
#pragma once

#include "agent/journal/inspection.h"

namespace outrigger::journal {

// Nothing when the file has gone meanwhile, which a running agent may do.
std::optional<Inspected> inspect_segment(Disk& disk, const std::filesystem::path& path, bool verify);

}  // namespace outrigger::journal
