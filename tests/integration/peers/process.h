// A child process of a test: its output goes to files, it never outlives the test, and it is always reaped.
// What a sanitizer says of it fails the test.
// Start it from a thread that lives as long as it may: the kernel kills it when that thread ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrigger::peers {

struct User {
    uid_t uid;
    gid_t gid;
};

// Somebody without rights, when the tests run as root (Postgres refuses root); nobody to change to otherwise.
std::optional<User> unprivileged_user();

struct Launch {
    std::vector<std::string> arguments;  // [0] is a path, or is looked up in PATH
    std::map<std::string, std::string>
        environment;               // added to ours, from which OUTRIGGER_*, DD_* and PG* are taken away
    std::filesystem::path folder;  // <name>.out and <name>.err are written here, appended to
    std::string name;
    std::optional<User> user = std::nullopt;
    std::filesystem::path input = "/dev/null";
    int death_signal = SIGKILL;
};

class Process {
  public:
    explicit Process(Launch launch);  // throws when it cannot be forked; what cannot be executed exits 127
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t id() const { return id_; }
    bool running() { return !wait(std::chrono::milliseconds{0}); }
    void send(int signal);
    // The exit status as a shell gives it (128 + signal when killed); nothing when it still runs at the deadline.
    std::optional<int> wait(std::chrono::milliseconds deadline);
    std::string output() const;
    std::string errors() const;

  private:
    Launch launch_;
    pid_t id_ = -1;
    std::optional<int> status_;
};

// Runs to its end; a deadline that passes counts as status 124.
struct Finished {
    int status;
    std::string output;
    std::string errors;
};
Finished run(Launch launch, std::chrono::milliseconds deadline);

std::string read_whole(const std::filesystem::path& file);

}  // namespace outrigger::peers
