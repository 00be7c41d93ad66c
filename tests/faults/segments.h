// The files of the agent's journal, for cases that damage them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tests/faults/world.h"

namespace outrigger::faults {

std::vector<std::filesystem::path> segments_of(const World& world);  // the oldest first

// Turns bits here and there in the later half of what each holds, but not at its end. Returns how many.
std::uint64_t turn_bits(World& world);

}  // namespace outrigger::faults
