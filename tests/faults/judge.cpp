#include "tests/faults/judge.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <set>
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

Judge::Verdict Judge::judge(const std::vector<std::vector<std::string>>& rows, bool mixed) {
    const std::lock_guard lock(mutex_);
    Verdict verdict;
    std::set<EventName> seen;
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
        } else if (!seen.insert(*name).second) {
            ++verdict.twice;
            note("twice: " + row[0]);
        }
    }
    for (const auto& [whose, numbers] : accepted_) {
        for (std::size_t number = 0; number < numbers.size(); ++number) {
            const EventName name{whose.first, whose.second, number};
            if (!numbers[number] || seen.contains(name)) continue;
            ++verdict.missing;
            const auto acknowledged = acknowledged_.find(whose.first);
            if (acknowledged != acknowledged_.end() && number <= acknowledged->second) ++verdict.promised;
            note("no row: " + path_of(name));
        }
    }
    return verdict;
}

}  // namespace outrigger::faults
