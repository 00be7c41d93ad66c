// strace on a running process, making its system calls fail, wait or kill it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::faults {

class Strace {
  public:
    // `injection`: as of strace's `-e inject=`, for example "fdatasync:error=EIO:when=3+". Attached when it returns.
    Strace(pid_t process, const std::string& injection);
    ~Strace();

    // Calls that were tampered with so far.
    std::uint64_t injected() const;
    // Calls that were seen: of a delay, which is told only when it is over, those that began.
    std::uint64_t seen() const;

    // What to put before a command so that it is born traced; its process is its own all the same.
    static std::vector<std::string> before(const std::string& injection, const std::string& log = "/dev/null");
    static std::uint64_t injected(const std::string& log);

    static std::string unavailable();  // why; empty: it can be used

  private:
    peers::TemporaryFolder folder_;
    std::unique_ptr<peers::Process> process_;
};

}  // namespace outrigger::faults
