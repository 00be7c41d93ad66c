// Where a sink stands, written after each batch and before anybody is told: with it a sink's counters do not fall when
// the agent is killed between two checkpoints while the sink cannot say itself where it stands. Made by topology;
// written by the sink, on the thread that starts it and then on its own.
//
// It is not synced: that would cost each batch a wait for the disk, and buy little. What a killed agent wrote is there;
// a power cut may leave an older cursor or (its checksum says so) none, and then the checkpoint's stands, at most 30 s
// old. Nothing is stored twice or lost by that: the sink goes on from where its ledger stands, which counts as
// delivered or dropped what lies between, so its counters are exact again as soon as it has read it. Until then a
// scrape shows them lower than before the power cut (a counter reset, as `rate()` sees it); `accepted` and the
// requests, which come from the journal alone, are not touched.
//
// A folder may vanish under a running agent, and the file with it: the next cursor goes into a new file, in the next
// folder until the first one is there again, and has room.
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
    CursorFile(const std::string& sink, const History& history, const std::vector<std::filesystem::path>& folders);

    void save(const Cursor& cursor);

    // The furthest that a whole file of this history in one of the folders tells.
    static std::optional<Cursor> load(const std::string& sink, const History& history,
                                      const std::vector<std::filesystem::path>& folders);
    // Whose positions the whole files in a folder tell of; nothing when there is none.
    static std::optional<History> history_in(const std::filesystem::path& folder);

  private:
    bool open(std::size_t folder);  // false: it cannot be

    std::string sink_;
    History history_;
    std::vector<std::filesystem::path> folders_;
    FileDescriptor file_;
    std::size_t folder_ = 0;  // in which it lies
};

}  // namespace outrigger::books
