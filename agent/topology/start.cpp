#include "agent/topology/start.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "agent/journal/reader.h"

namespace outrigger::topology {
namespace {

constexpr std::chrono::milliseconds pause{20};  // before a disk that did not answer is asked again

const std::string journal_fact = "journal.uuid";

}  // namespace

void replay(journal::Journal& journal, fold::Fold& fold) {
    const auto counts = journal::requests_alone(fold.cursor().requests);
    const auto reader = journal.read_from(fold.position(), counts, journal::Reads::at_start);
    fold.batch_begins();
    while (true) {
        const journal::Step& step = reader->next();
        if (step.what == journal::Step::What::end) break;
        if (step.what == journal::Step::What::entry) fold.apply(step.entry);
        if (step.what == journal::Step::What::lost)
            fold.lost(step.last, step.counts, step.reason == journal::LossReason::damaged);
        // Not for ever: what the disk refuses several times is a loss, and the start goes on behind it.
        if (step.what == journal::Step::What::retry) std::this_thread::sleep_for(pause);
    }
    fold.batch_ends(journal::requests(journal.mark().counts));
}

std::string troubles(const journal::JournalStatus& status) {
    std::string text;
    for (const auto& [op, count] : status.errors)
        if (count > 0 && op != "torn" && op != "spare") {
            text += (text.empty() ? "" : ", ") + op + " " + std::to_string(count);
            if (op == "foreign" && status.foreign_requests > 0)
                text += " with " + std::to_string(status.foreign_requests) + " requests that are not taken up";
        }
    return text.empty() ? text
                        : "the journal had trouble at start (" + text + "): `outrigger journal verify` says where";
}

std::map<std::string, std::string> fact_of(const journal::Uuid& uuid) {
    return {{journal_fact, std::string(uuid.begin(), uuid.end())}};
}

std::optional<journal::Uuid> journal_of(const std::map<std::string, std::string>& facts) {
    const auto found = facts.find(journal_fact);
    journal::Uuid uuid{};
    if (found == facts.end() || found->second.size() != uuid.size()) return std::nullopt;
    std::ranges::copy(found->second, uuid.begin());
    return uuid;
}

Start find_start(const journal::Mark& mark, std::uint64_t checkpoint_position, std::uint64_t checkpoint_requests,
                 const std::map<std::string, books::Cursor>& cursors) {
    std::uint64_t last = std::max(mark.position, checkpoint_position);
    std::uint64_t requests = std::max(journal::requests(mark.counts), checkpoint_requests);
    for (const auto& [sink, cursor] : cursors) {
        last = std::max(last, cursor.position);
        requests = std::max(requests, cursor.requests);
    }
    Start start{last + 1, mark.counts};
    start.before[static_cast<std::size_t>(journal::Kind::request)] = requests;
    return start;
}

void tell_of_lost(fold::Fold& fold, const Start& start) {
    const std::uint64_t journaled = journal::requests(start.before), known = fold.cursor().requests;
    if (journaled <= known) return;
    fold.batch_begins();
    fold.lost(start.position - 1, journal::requests_alone(journaled - known), true);
    fold.batch_ends(journaled);
}

std::vector<intake::KnownEmitter> known_emitters(const fold::Fold& fold) {
    std::vector<intake::KnownEmitter> known;
    for (const auto& mark : fold.marks()) known.push_back({mark.emitter, mark.uid, mark.number, mark.arrival_us});
    return known;
}

}  // namespace outrigger::topology
