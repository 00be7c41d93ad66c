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

namespace outrigger::faults {

// One line of the pipe, written whole: at most PIPE_BUF bytes.
enum class Word : std::uint8_t { accepted, dropped, acknowledged };  // the last: all up to that number
struct Saying {
    std::uint64_t epoch;
    std::uint64_t number;
    std::uint32_t thread;
    Word word;
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

    struct Verdict {
        std::uint64_t rows = 0;         // of the load
        std::uint64_t twice = 0;        // beyond the first
        std::uint64_t unknown = 0;      // of no process of ours, or damaged
        std::uint64_t missing = 0;      // accepted, and no row
        std::uint64_t promised = 0;     // of these, acknowledged as far as the judge heard
        std::vector<std::string> some;  // examples of what is wrong
    };
    // `rows`: path and message of each row; damaged when the message is not what the path says.
    Verdict judge(const std::vector<std::vector<std::string>>& rows, bool mixed);

  private:
    void listen(const std::stop_token& stop);

    FileDescriptor reading_, writing_;
    mutable std::mutex mutex_;                                                       // guards all below
    std::map<std::pair<std::uint64_t, std::uint32_t>, std::vector<bool>> accepted_;  // by epoch and thread: by number
    std::map<std::uint64_t, std::uint64_t> acknowledged_;  // by epoch, of a process with one thread
    std::uint64_t accepted_count_ = 0;
    std::uint64_t dropped_ = 0;
    std::jthread thread_;
};

}  // namespace outrigger::faults
