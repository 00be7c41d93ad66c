// The accounts of all sinks that push their own: what each had kept when the agent stopped, from the checkpoint and
// from its cursor file, its tally while it runs, its page in the book. Of a sink that is off the cursor is kept as it
// was, for when it is on again. Made by topology at start; afterwards read by any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "agent/books/book.h"
#include "agent/books/cursor.h"
#include "agent/books/cursor_file.h"
#include "agent/books/tally.h"

namespace outrigger::books {

class Accounts {
  public:
    // `kept`, `history`: the checkpoint's. `folders`: where cursor files lie, the first that can be written first.
    Accounts(std::map<std::string, Cursor> kept, const History& history, std::vector<std::filesystem::path> folders)
        : resting_(std::move(kept)), history_(history), folders_(std::move(folders)) {}

    // Takes up the furthest cursor that is known of the sink. In the order of /status.
    void open(const std::string& sink, bool on, Book& book);

    Tally& tally(const std::string& sink) { return open_.at(sink).tally; }  // of a sink that is on
    // By sink, those that are off included: what a checkpoint keeps.
    std::map<std::string, Cursor> cursors() const;
    // Beyond this position somebody who is on still needs the journal. The greatest number when nobody is.
    std::uint64_t needed_after() const;

  private:
    struct Account {
        CursorFile file;
        Tally tally;
        Account(const std::string& sink, const History& history, const std::vector<std::filesystem::path>& folders,
                const Cursor& start)
            : file(sink, history, folders), tally(start, [this](const Cursor& cursor) { file.save(cursor); }) {}
    };

    std::map<std::string, Cursor> resting_;
    const History history_;
    const std::vector<std::filesystem::path> folders_;
    std::map<std::string, Account> open_;
};

}  // namespace outrigger::books
