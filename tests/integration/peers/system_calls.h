// The system calls of a program, thread by thread, as strace writes them down: what a wrapper claims of the threads
// that it runs in can be seen from outside. For a program that is started by the test, until it ends.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class SystemCalls {
  public:
    static std::optional<std::string> unavailable();  // why, when there is no strace, or it may not trace

    // What to put before the program's own arguments. The program stays our child; who traces it is not.
    std::vector<std::string> command() const;

    // After the program's end: how often each was called, by all threads together that called `sign` at all. The calls
    // of `sign` itself are not among them. Throws when strace does not get done.
    std::map<std::string, long> of_threads_that_called(const std::string& sign) const;

  private:
    TemporaryFolder folder_;
};

}  // namespace outrigger::peers
