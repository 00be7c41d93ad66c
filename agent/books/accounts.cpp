#include "agent/books/accounts.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace outrigger::books {

void Accounts::open(const std::string& sink, bool on, Book& book) {
    const auto filed = CursorFile::load(sink, history_, folders_);
    if (filed && filed->position > resting_[sink].position) resting_[sink] = *filed;
    if (!on) {
        book.add_off(sink);
        return;
    }
    const auto [account, is_new] = open_.try_emplace(sink, sink, history_, folders_, resting_[sink]);
    resting_.erase(sink);
    book.add(sink, account->second.tally);
}

std::map<std::string, Cursor> Accounts::cursors() const {
    auto out = resting_;
    for (const auto& [sink, account] : open_) out[sink] = account.tally.cursor();
    return out;
}

std::uint64_t Accounts::needed_after() const {
    auto least = std::numeric_limits<std::uint64_t>::max();
    for (const auto& [sink, account] : open_) least = std::min(least, account.tally.cursor().position);
    return least;
}

}  // namespace outrigger::books
