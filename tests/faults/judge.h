// Who is never faulted: hears over a pipe what each process of the load got into its ring, the moment record() said so,
// and says afterwards what of it is not where it should be. Its thread lives in the runner.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shared/file_descriptor.h"
#include "tests/faults/event_content.h"
#include "tests/faults/losses.h"

namespace outrigger::faults {

// One line of the pipe, written whole: at most PIPE_BUF bytes.
enum class Word : std::uint8_t { accepted, dropped, acknowledged };  // the last: all up to that number
enum class Felt : std::uint8_t { ran, preempted, waited };           // by the thread, during record()
struct Saying {
    std::uint64_t epoch;
    std::uint64_t number;
    std::uint16_t thread;
    std::uint16_t took;  // record(), in steps of 16 ns, rounded up, some 1 ms at most; 0: not told
    Word word;
    Felt felt;
    std::uint16_t idle_took;  // as long a loop that only reads the clock, beside it
};
static_assert(sizeof(Saying) == 24);  // as an earlier version says it, with zeros where it has nothing to say

// How long record() took, of all that was told.
struct Times {
    struct Measured {
        std::uint64_t median_ns = 0;
        std::uint64_t late_ns = 0;      // of 999 in 1,000, of those who were not preempted
        std::uint64_t beyond_1_ms = 0;  // of the same
    };
    std::uint64_t told = 0;
    std::uint64_t waited = 0;
    Measured record, idle;
};

class Judge {
  public:
    Judge();
    ~Judge();

    int pipe() const { return writing_.get(); }  // for the load's processes to inherit
    void expect(std::uint64_t epoch);            // a process that may send from now on

    bool heard_of(std::uint64_t epoch) const;
    std::uint64_t accepted() const;
    std::uint64_t dropped() const;
    Times times() const;

    struct Verdict {
        std::uint64_t rows = 0;         // of the load
        std::uint64_t twice = 0;        // beyond the first
        std::uint64_t unknown = 0;      // of no process of ours, or damaged
        std::uint64_t missing = 0;      // accepted, and no row
        std::uint64_t promised = 0;     // of these, acknowledged as far as the judge heard
        std::uint64_t unexplained = 0;  // of these, where between its neighbours less was dropped than is missing
        std::vector<std::string> some;  // examples of what is wrong
    };
    // `rows`: path, message, agent and position of each row; damaged when the message is not what the path says.
    Verdict judge(const std::vector<std::vector<std::string>>& rows, bool mixed, const Losses& losses);

  private:
    struct Place {
        long agent = 0;
        long position = 0;
    };
    using Places = std::map<EventName, Place>;

    void listen(const std::stop_token& stop);
    void hear_time(const Saying& said);  // under the lock
    static std::uint64_t unexplained(const std::vector<EventName>& missing, const Places& seen, const Losses& losses);

    FileDescriptor reading_, writing_;
    mutable std::mutex mutex_;                                                       // guards all below
    std::map<std::pair<std::uint64_t, std::uint32_t>, std::vector<bool>> accepted_;  // by epoch and thread: by number
    std::map<std::uint64_t, std::uint64_t> acknowledged_;  // by epoch, of a process with one thread
    std::uint64_t accepted_count_ = 0;
    std::uint64_t dropped_ = 0;
    std::vector<std::uint16_t> took_, idle_took_;
    std::uint64_t told_ = 0, waited_ = 0;
    std::jthread thread_;
};

}  // namespace outrigger::faults
