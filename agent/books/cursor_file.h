// Where a sink stands, written after each batch and before anybody is told: with it a sink's counters do not fall when
// the agent is killed between two checkpoints while the sink cannot say itself where it stands. It is not synced, so a
// power cut may take it back to the checkpoint's cursor. Made by topology; written by the sink's thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/books/cursor.h"
#include "shared/file_descriptor.h"

namespace outrigger::books {

class CursorFile {
  public:
    // In the first of the folders that can be written; nowhere when none can.
    CursorFile(const std::string& sink, const std::vector<std::filesystem::path>& folders);

    void save(const Cursor& cursor) const;

    // The furthest that a whole file in one of the folders tells.
    static std::optional<Cursor> load(const std::string& sink, const std::vector<std::filesystem::path>& folders);

  private:
    FileDescriptor file_;
};

}  // namespace outrigger::books
