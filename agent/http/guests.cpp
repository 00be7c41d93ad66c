#include "agent/http/guests.h"

#include <algorithm>
#include <utility>

namespace outrigger::http {

std::optional<std::vector<int>> Guests::make_room(const std::string& address, Time now) {
    const auto by_address = count_by_address();
    const auto own = by_address.find(address);
    const bool too_many_of_its_own = own != by_address.end() && own->second >= limits_.connections_per_address;
    if (!too_many_of_its_own && count() < limits_.connections) return std::vector<int>{};

    // When the house is full the address that holds most pays, so a flood costs the flooder.
    const auto holds_fewer = [](const auto& left, const auto& right) { return left.second < right.second; };
    const std::string payer =
        too_many_of_its_own ? address : std::max_element(by_address.begin(), by_address.end(), holds_fewer)->first;
    Entry* leaver = longest_waiting(payer);
    if (leaver == nullptr) leaver = longest_answering(&payer, now);
    if (leaver == nullptr) {
        turn_away(Away::full);
        return std::nullopt;
    }
    show_out(*leaver, Away::full);
    return std::vector<int>{leaver->first};
}

std::optional<std::vector<int>> Guests::make_room_for_answer(std::size_t bytes, Time now) {
    const auto fits = [&](std::size_t sending) {
        return sending == 0 || (sending <= limits_.answer_bytes && bytes <= limits_.answer_bytes - sending);
    };
    if (!fits(bytes_being_sent(now - limits_.grace))) {
        turn_away(Away::busy);
        return std::nullopt;
    }
    std::vector<int> leaving;
    while (!fits(bytes_being_sent(Time::min()))) {
        Entry* leaver = longest_answering(nullptr, now);
        show_out(*leaver, Away::busy);
        leaving.push_back(leaver->first);
    }
    return leaving;
}

std::vector<int> Guests::overdue(Time now) {
    std::vector<int> leaving;
    for (auto& [socket, guest] : guests_) {
        if (guest.doing == Doing::leaving || deadline(guest) > now) continue;
        if (guest.doing != Doing::idle) turn_away(Away::slow);  // an idle one had what it came for
        guest.doing = Doing::leaving;
        leaving.push_back(socket);
    }
    return leaving;
}

void Guests::show_out(Entry& guest, Away why) {
    guest.second.doing = Doing::leaving;
    turn_away(why);
}

std::optional<Guests::Time> Guests::next_deadline() const {
    std::optional<Time> next;
    for (const auto& [socket, guest] : guests_)
        if (guest.doing != Doing::leaving && (!next || deadline(guest) < *next)) next = deadline(guest);
    return next;
}

void Guests::enter(int socket, std::string address, Time now) {
    guests_.insert_or_assign(socket, Guest{std::move(address), Doing::asking, now, 0});
}

void Guests::begin_answer(int socket, std::size_t bytes, Time now) {
    const auto found = guests_.find(socket);
    if (found == guests_.end() || found->second.doing == Doing::leaving) return;
    found->second.doing = Doing::answering;
    found->second.since = now;
    found->second.answer_bytes = bytes;
}

void Guests::end_request(int socket, bool answered, Time now) {
    const auto found = guests_.find(socket);
    if (found == guests_.end() || found->second.doing == Doing::leaving) return;
    if (!answered) turn_away(Away::no_request);
    found->second.doing = Doing::idle;
    found->second.since = now;
    found->second.answer_bytes = 0;
}

void Guests::leave(int socket) {
    const auto found = guests_.find(socket);
    if (found == guests_.end()) return;
    if (found->second.doing == Doing::asking) turn_away(Away::no_request);
    guests_.erase(found);
}

std::size_t Guests::count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(guests_, [](const Entry& entry) { return entry.second.doing != Doing::leaving; }));
}

std::unordered_map<std::string, std::size_t> Guests::count_by_address() const {
    std::unordered_map<std::string, std::size_t> counts;
    for (const auto& [socket, guest] : guests_)
        if (guest.doing != Doing::leaving) ++counts[guest.address];
    return counts;
}

std::size_t Guests::bytes_being_sent(Time began_after) const {
    std::size_t bytes = 0;
    for (const auto& [socket, guest] : guests_)
        if (guest.doing == Doing::answering && guest.since > began_after) bytes += guest.answer_bytes;
    return bytes;
}

Guests::Entry* Guests::longest_waiting(const std::string& address) {
    Entry* longest = nullptr;
    for (auto& entry : guests_) {
        const Guest& guest = entry.second;
        const bool waits = guest.doing == Doing::asking || guest.doing == Doing::idle;
        if (!waits || guest.address != address) continue;
        if (longest == nullptr || guest.since < longest->second.since) longest = &entry;
    }
    return longest;
}

Guests::Entry* Guests::longest_answering(const std::string* address, Time now) {
    Entry* longest = nullptr;
    for (auto& entry : guests_) {
        const Guest& guest = entry.second;
        if (guest.doing != Doing::answering || guest.since + limits_.grace > now) continue;
        if (address != nullptr && guest.address != *address) continue;
        if (longest == nullptr || guest.since < longest->second.since) longest = &entry;
    }
    return longest;
}

Guests::Time Guests::deadline(const Guest& guest) const {
    switch (guest.doing) {
        case Doing::asking:
            return guest.since + limits_.ask_time;
        case Doing::idle:
            return guest.since + limits_.idle_time;
        case Doing::answering:
            return guest.since + limits_.answer_time;
        case Doing::leaving:
            break;
    }
    return Time::max();
}

}  // namespace outrigger::http
