#include "tests/faults/judge.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace outrigger::faults {

Judge::Judge() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the judge");
    reading_ = FileDescriptor(ends[0]);
    writing_ = FileDescriptor(ends[1]);
    ::fcntl(writing_.get(), F_SETPIPE_SZ, 1 << 20);
    thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

Judge::~Judge() {
    thread_.request_stop();
    thread_.join();
}

void Judge::expect(std::uint64_t epoch) {
    const std::lock_guard lock(mutex_);
    accepted_[{epoch, 0}];
}

void Judge::listen(const std::stop_token& stop) {
    std::array<Saying, 1024> sayings{};
    while (true) {
        pollfd ready{reading_.get(), POLLIN, 0};
        if (::poll(&ready, 1, 20) <= 0) {
            if (stop.stop_requested()) return;
            continue;
        }
        const ssize_t bytes = ::read(reading_.get(), sayings.data(), sizeof sayings);
        if (bytes <= 0) return;
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < static_cast<std::size_t>(bytes) / sizeof(Saying); ++i) {
            const Saying& said = sayings[i];
            if (said.took != 0) hear_time(said);
            if (said.word == Word::dropped) {
                ++dropped_;
                continue;
            }
            if (said.word == Word::acknowledged) {
                acknowledged_[said.epoch] = said.number;
                continue;
            }
            auto& numbers = accepted_[{said.epoch, said.thread}];
            if (numbers.size() <= said.number) numbers.resize(2 * said.number + 64);
            numbers[said.number] = true;
            ++accepted_count_;
        }
    }
}

void Judge::hear_time(const Saying& said) {
    ++told_;
    waited_ += said.felt == Felt::waited ? 1 : 0;
    if (said.felt != Felt::ran) return;
    took_.push_back(said.took);
    if (said.idle_took != 0) idle_took_.push_back(said.idle_took);
}

Times Judge::times() const {
    const auto measured = [](std::vector<std::uint16_t> steps) {
        Times::Measured out;
        if (steps.empty()) return out;
        std::ranges::sort(steps);
        const auto at = [&](std::size_t thousandths) { return 16U * steps[(steps.size() - 1) * thousandths / 1000]; };
        out.median_ns = at(500);
        out.late_ns = at(999);
        out.beyond_1_ms = static_cast<std::uint64_t>(
            std::ranges::count_if(steps, [](std::uint16_t each) { return each >= 1'000'000 / 16; }));
        return out;
    };
    const std::lock_guard lock(mutex_);
    return {told_, waited_, measured(took_), measured(idle_took_)};
}

bool Judge::heard_of(std::uint64_t epoch) const {
    const std::lock_guard lock(mutex_);
    const auto first = accepted_.lower_bound({epoch, 0});
    return first != accepted_.end() && first->first.first == epoch && !first->second.empty();
}

std::uint64_t Judge::accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_count_;
}

std::uint64_t Judge::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

Judge::Verdict Judge::judge(const std::vector<std::vector<std::string>>& rows, bool mixed, const Losses& losses) {
    const std::lock_guard lock(mutex_);
    Verdict verdict;
    Places seen;
    const auto note = [&](const std::string& what) {
        if (verdict.some.size() < 5) verdict.some.push_back(what);
    };
    for (const auto& row : rows) {
        const auto name = parse_path(row.at(0));
        if (!name) continue;  // not of the load
        ++verdict.rows;
        if (!accepted_.contains({name->epoch, 0}) || row.at(1) != message_of(*name, mixed)) {
            ++verdict.unknown;
            note("never sent so: " + row[0]);
        } else if (!seen.emplace(*name, Place{std::stol(row.at(2)), std::stol(row.at(3))}).second) {
            ++verdict.twice;
            note("twice: " + row[0]);
        }
    }
    std::vector<EventName> missing;
    for (const auto& [whose, numbers] : accepted_) {
        for (std::size_t number = 0; number < numbers.size(); ++number) {
            const EventName name{whose.first, whose.second, number};
            if (!numbers[number] || seen.contains(name)) continue;
            missing.push_back(name);
            const auto acknowledged = acknowledged_.find(whose.first);
            if (acknowledged != acknowledged_.end() && number <= acknowledged->second) ++verdict.promised;
            note("no row: " + path_of(name));
        }
    }
    verdict.missing = missing.size();
    verdict.unexplained = unexplained(missing, seen, losses);
    return verdict;
}

// The events of one thread lie in the journal in their order, so those that are missing in a row went between the
// positions of their neighbours, where these have one in the same journal.
std::uint64_t Judge::unexplained(const std::vector<EventName>& missing, const Places& seen, const Losses& losses) {
    constexpr long end = std::numeric_limits<long>::max();
    const auto same_thread = [](const EventName& a, const EventName& b) {
        return a.epoch == b.epoch && a.thread == b.thread;
    };
    std::uint64_t sum = 0;
    for (auto first = missing.begin(); first != missing.end();) {
        const auto after = seen.lower_bound(*first);
        auto next = first;
        while (next != missing.end() && same_thread(*next, *first) && seen.lower_bound(*next) == after) ++next;
        const auto count = static_cast<std::uint64_t>(next - first);
        const bool follows = after != seen.end() && same_thread(after->first, *first);
        const bool leads = after != seen.begin() && same_thread(std::prev(after)->first, *first);
        const Place from = leads ? std::prev(after)->second : Place{follows ? after->second.agent : 0, 0};
        const Place to = follows ? after->second : Place{from.agent, end};
        if (from.agent != 0 && from.agent == to.agent)
            sum += count - std::min(count, losses.between(from.agent, from.position, to.position));
        first = next;
    }
    return sum;
}

}  // namespace outrigger::faults
