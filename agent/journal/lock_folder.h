// Admits one agent to a data directory. Used by topology, before anything in it is read.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/journal/disk.h"
#include "shared/error.h"

namespace outrigger::journal {

// Held while it lives; the kernel lets go when the process dies. Makes the folder (0700) when it is missing.
// Error.kind is fatal when another process holds it (exit 75; `what` names the folder and its pid), retry when the
// folder cannot be made or written: the agent goes on without it.
std::expected<File, Error> lock_folder(const std::filesystem::path& folder);
// Who holds it, in words ("process 123"), without taking it or making anything.
std::optional<std::string> folder_holder(const std::filesystem::path& folder);

}  // namespace outrigger::journal
