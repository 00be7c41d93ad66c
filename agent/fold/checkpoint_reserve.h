// Room for a checkpoint that has outgrown its file, allocated ahead: so that counting goes on when the disk is full,
// and what it covers can leave the journal, which is what makes room. A file in the data directory, used up by a
// rename.
#pragma once

#include <filesystem>

#include "agent/journal/disk.h"

namespace outrigger::fold {

// Turns the reserve into a file called `name`, open to write, if it has that many bytes. Errors are values of errno.
std::expected<journal::File, int> take_reserve(journal::Disk& disk, const std::filesystem::path& folder,
                                               const std::filesystem::path& name, std::uint64_t bytes);
// Makes one of at least that size unless it is there; best effort, so it is called after each checkpoint.
void keep_reserve(journal::Disk& disk, const std::filesystem::path& folder, std::uint64_t bytes);

}  // namespace outrigger::fold
