// What another user on the machine may try against the rings; called by cases, and nothing at all unless root plays
// them.
#pragma once

#include <filesystem>

#include "tests/faults/world.h"

namespace outrigger::faults {

// Cuts a ring that a living process writes, as a user of the folder's group.
void cut_by_a_neighbour(World& world, const std::filesystem::path& live);

// Leaves as many rings as there may be in all, which are none, and thousands of other files; then a process is killed.
void crowd_the_folder(World& world);

// Says hello with an id that stands in the folder of rings, before its owner can; then that process is killed. The
// agent is killed and started for it, and must admit everyone to its socket.
void take_an_id(World& world);

// Leaves a ring, as if a process of somebody who is on no list had died.
void ring_of_a_stranger(World& world);

}  // namespace outrigger::faults
