// Who is connected to the HTTP door, since when and doing what: says who must go when it is full, and whose time is up.
// Pure bookkeeping: time is an argument, sockets are only names. Used by the Door on its own thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/http/limits.h"
#include "agent/http/turned_away.h"

namespace outrigger::http {

class Guests {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Guests(const Limits& limits) : limits_(limits) {}

    // Who has to go so that this address may come in: nobody, or one socket, already marked as leaving.
    // nullopt: everybody else is being answered, so the newcomer is the one to go.
    [[nodiscard]] std::optional<std::vector<int>> make_room(const std::string& address, Time now);
    // Who has to go so that an answer of so many bytes may begin. nullopt: too much is being sent to others right now.
    [[nodiscard]] std::optional<std::vector<int>> make_room_for_answer(std::size_t bytes, Time now);
    // Those whose time is up, marked as leaving.
    [[nodiscard]] std::vector<int> overdue(Time now);
    [[nodiscard]] std::optional<Time> next_deadline() const;

    void enter(int socket, std::string address, Time now);
    void begin_answer(int socket, std::size_t bytes, Time now);
    void end_request(int socket, bool answered, Time now);
    void leave(int socket);
    // A request that is answered with a refusal, or never became one.
    void turn_away(Away why) { turned_away_.count(why); }
    [[nodiscard]] const TurnedAway& turned_away() const { return turned_away_; }

    // Those not on their way out.
    [[nodiscard]] std::size_t count() const;

  private:
    enum class Doing { asking, idle, answering, leaving };
    struct Guest {
        std::string address;
        Doing doing = Doing::asking;
        Time since;
        std::size_t answer_bytes = 0;
    };
    using Entry = std::unordered_map<int, Guest>::value_type;

    [[nodiscard]] std::unordered_map<std::string, std::size_t> count_by_address() const;
    [[nodiscard]] std::size_t bytes_being_sent(Time began_after) const;
    [[nodiscard]] Entry* longest_waiting(const std::string& address);
    [[nodiscard]] Entry* longest_answering(const std::string* address, Time now);
    [[nodiscard]] Time deadline(const Guest& guest) const;

    void show_out(Entry& guest, Away why);

    Limits limits_;
    std::unordered_map<int, Guest> guests_;
    TurnedAway turned_away_;
};

}  // namespace outrigger::http
