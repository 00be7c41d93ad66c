#include "agent/journal/segment_reader.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "agent/journal/quarantine.h"

namespace outrigger::journal {
namespace {

using Clock = std::chrono::steady_clock;

// Failed opens in a row, and at start for how long at most, before a segment that is there counts as damaged.
constexpr int least_attempts = 5;
constexpr std::chrono::milliseconds patience_at_start{1000};

// It is not the file's fault.
bool is_short(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

// Whose statement was lost with damaged bytes; not null, as Entry promises.
const Identity nobody;

std::uint64_t& request_count(Counts& counts) { return counts[static_cast<std::size_t>(Kind::request)]; }

std::uint64_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

}  // namespace

SegmentReader::SegmentReader(Journal::State& state, std::uint64_t position, const std::optional<Counts>& counts,
                             Reads when)
    : state_(state), number_(state.add_reader(position)), when_(when), position_(position) {
    find_counts(counts);
}

SegmentReader::~SegmentReader() { state_.remove_reader(number_); }

const Step& SegmentReader::next() {
    step_.what = catch_up() ? advance(UINT64_MAX) : Step::What::retry;
    return step_;
}

// False: the disk does not answer.
bool SegmentReader::catch_up() {
    while (is_behind()) {
        const auto what = advance(target_);
        if (what == Step::What::retry) return false;
        if (what == Step::What::lost) has_guessed_ = true;
    }
    if (std::exchange(has_guessed_, false)) correct_counts();
    return true;
}

// Which kinds a hole on the way took had to be guessed; how many there were up to here was known.
void SegmentReader::correct_counts() {
    if (target_known_ == Known::all) counts_ = target_counts_;
    if (target_known_ == Known::requests) request_count(counts_) = request_count(target_counts_);
}

// The journal's own counts at the position this reader starts from.
void SegmentReader::find_counts(const std::optional<Counts>& counts) {
    if (position_ == 0) return;
    view_ = state_.view(position_);
    if (position_ >= view_.mark.position) {
        counts_ = position_ == view_.mark.position ? view_.mark.counts : counts.value_or(view_.mark.counts);
        return;
    }
    if (!view_.segment) return void(counts_ = counts.value_or(Counts{}));
    const Header& header = view_.segment->header;
    if (position_ + 1 > header.first) {
        target_ = std::exchange(position_, header.first - 1);
        target_counts_ = counts.value_or(Counts{});
        target_known_ = !counts ? Known::nothing : sum(*counts) == target_ ? Known::all : Known::requests;
        counts_ = header.before;
        catch_up();
        return;
    }
    const std::uint64_t gone = header.first - 1 - position_;
    counts_ = header.before;
    if (gone > 0 && counts) counts_ = *counts;
    if (gone > 0 && !counts) request_count(counts_) = less(request_count(counts_), gone);
}

// One step, not beyond `until`.
Step::What SegmentReader::advance(std::uint64_t until) {
    if (position_ >= view_.mark.position || position_ >= view_.last || !scan_) {
        if (const auto what = enter(until); what != Step::What::entry) return what;
    }
    if (!holds_entry_) {
        const auto what = scan_->next(view_.segment->readable);
        if (what == SegmentScan::What::retry) {
            state_.count(Op::read);
            return Step::What::retry;
        }
        holds_entry_ = what == SegmentScan::What::entry;
    }
    const std::uint64_t found = holds_entry_ ? view_.segment->header.first + scan_->head().ordinal : view_.last + 1;
    if (found > position_ + 1) return lose(std::min({found - 1, view_.last, until}), false);
    holds_entry_ = false;
    return step_to_entry();
}

// Looks at the state again and makes the scan one of the segment that holds the next position. Step::What::entry: there
// is more to read.
Step::What SegmentReader::enter(std::uint64_t until) {
    while (true) {
        view_ = state_.view(position_);
        if (position_ >= view_.mark.position || !view_.segment) return Step::What::end;
        const Header& header = view_.segment->header;
        if (scan_ && header.id == scanned_) return Step::What::entry;
        scan_.reset();
        if (position_ + 1 < header.first) {
            view_.counts = header.before;
            view_.last = header.first - 1;
            const auto fate = state_.fate(position_ + 1);
            return lose(std::min({header.first - 1, until, fate.last}), !fate.was_missing);
        }
        auto file = state_.disk().open(view_.segment->path);
        if (!file && file.error() == ENOENT && state_.vanished(header.id)) continue;
        if (!file) return cannot_open(file.error(), until);
        refused_ = {};
        scan_.emplace(state_.disk(), std::make_shared<const File>(std::move(*file)), header);
        scanned_ = header.id;
        holds_entry_ = false;
        identities_.clear();
        last_emitter_ = 0;
        const bool catching_up = is_behind();
        if (!catching_up) {
            target_ = position_;
            target_counts_ = counts_;
            target_known_ = Known::all;
        }
        position_ = header.first - 1;
        counts_ = header.before;
        return catching_up || catch_up() ? Step::What::entry : Step::What::retry;
    }
}

Step::What SegmentReader::cannot_open(int error, std::uint64_t until) {
    state_.count(Op::open);
    const bool at_start = when_ == Reads::at_start;
    const auto now = Clock::now();
    const std::uint64_t segment = view_.segment->header.id;
    if (refused_.segment != segment || (is_short(error) && !at_start)) refused_ = {segment, 0, now};
    const auto patience =
        at_start ? std::min(state_.settings().patience, patience_at_start) : state_.settings().patience;
    const bool is_over = ++refused_.times >= least_attempts && now - refused_.since >= patience;
    if (!is_over || (is_short(error) && !at_start)) return Step::What::retry;
    note_damage(state_, *view_.segment);
    return lose(std::min(view_.last, until), false);
}

Step::What SegmentReader::step_to_entry() {
    const Head& head = scan_->head();
    ++position_;
    ++counts_[head.kind];
    if (head.envelope.kind == Kind::identity) {
        if (auto identity = parse_identity(scan_->payload())) identities_[head.envelope.emitter] = std::move(*identity);
        last_emitter_ = 0;
    }
    step_.entry = {position_, head.envelope, scan_->payload(), identify()};
    return Step::What::entry;
}

const Identity* SegmentReader::identify() {
    const std::uint32_t emitter = scan_->head().envelope.emitter;
    if (emitter == 0) return nullptr;
    if (emitter != last_emitter_) {
        const auto found = identities_.find(emitter);
        last_identity_ = found == identities_.end() ? &nobody : &found->second;
        last_emitter_ = emitter;
    }
    return last_identity_;
}

Step::What SegmentReader::lose(std::uint64_t until, bool before_all) {
    const bool removed = before_all || state_.was_removed(position_ + 1);
    if (!removed && scan_ && scan_->met_damage()) note_damage(state_, *view_.segment);
    step_.first = position_ + 1;
    step_.last = until;
    step_.counts = missing_kinds(until - position_);
    step_.reason = removed ? LossReason::journal_full : LossReason::damaged;
    for (std::size_t kind = 0; kind < counts_.size(); ++kind) counts_[kind] += step_.counts[kind];
    position_ = until;
    return Step::What::lost;
}

// How many of each kind the next `lost` positions were: what the counts at the end of the segment say, less what can
// still be read of it. With several holes in one segment each gets its number, and all of them together their kinds.
Counts SegmentReader::missing_kinds(std::uint64_t lost) const {
    Counts missing{};
    Counts good{};
    std::uint64_t later = 0;  // lost positions after these
    if (scan_) {
        SegmentScan ahead = *scan_;
        std::uint64_t position = position_ + lost;
        for (bool held = holds_entry_; held || ahead.next(view_.segment->readable) == SegmentScan::What::entry;
             held = false) {
            const std::uint64_t found = view_.segment->header.first + ahead.head().ordinal;
            if (found > view_.last) break;
            ++good[ahead.head().kind];
            later += found - position - 1;
            position = found;
        }
        later += view_.last - position;
    } else {
        later = view_.last - (position_ + lost);
    }
    for (std::size_t kind = 0; kind < missing.size(); ++kind)
        missing[kind] = less(view_.counts[kind], counts_[kind] + good[kind]);
    if (later == 0) return missing;
    for (auto& count : missing) {
        count = std::min(count, lost);
        lost -= count;
    }
    return missing;
}

}  // namespace outrigger::journal
