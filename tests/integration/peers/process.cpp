#include "tests/integration/peers/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

namespace outrigger::peers {
namespace {

bool is_ours_to_set(const std::string& variable) {
    return variable.starts_with("OUTRIGGER_") || variable.starts_with("DD_") || variable.starts_with("PG");
}

std::vector<std::string> environment_of(const Launch& launch) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!is_ours_to_set(text) && !launch.environment.contains(text.substr(0, text.find('='))))
            result.push_back(text);
    }
    for (const auto& [name, value] : launch.environment) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> to_pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

struct Plan {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    std::string input, output, errors;
    std::optional<User> user;
    int death_signal;
    pid_t parent;
};

bool sanitizer_complained(const std::string& errors) {
    for (const char* sign :
         {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error: "}) {
        if (errors.find(sign) != std::string::npos) return true;
    }
    return false;
}

// What lines it ran, when it is built for that.
bool tells_at_its_end(const Launch& launch) {
    return std::getenv("LET_PROGRAMS_END") != nullptr && (launch.name == "agent" || launch.name == "demo-app");
}

// Between fork and exec: system calls only.
[[noreturn]] void become(const Plan& plan) {
    ::setpgid(0, 0);
    ::signal(SIGHUP, SIG_DFL);  // which nohup leaves ignored
    const int input = ::open(plan.input.c_str(), O_RDONLY | O_CLOEXEC);
    const int output = ::open(plan.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const int errors = ::open(plan.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (input < 0 || output < 0 || errors < 0) ::_exit(126);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    if (plan.user && (::setgroups(0, nullptr) != 0 || ::setgid(plan.user->gid) != 0 || ::setuid(plan.user->uid) != 0)) {
        ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, plan.death_signal);  // after setuid, which clears it
    if (::getppid() != plan.parent) ::_exit(126);
    ::execvpe(plan.arguments[0], plan.arguments.data(), plan.environment.data());
    constexpr std::string_view said = " cannot be executed\n";
    std::ignore = ::write(STDERR_FILENO, plan.arguments[0], std::strlen(plan.arguments[0]));
    std::ignore = ::write(STDERR_FILENO, said.data(), said.size());
    ::_exit(127);
}

}  // namespace

std::optional<User> unprivileged_user() {
    if (::geteuid() != 0) return std::nullopt;
    for (const char* name : {"postgres", "nobody"}) {
        if (const passwd* entry = ::getpwnam(name)) return User{entry->pw_uid, entry->pw_gid};
    }
    return User{65534, 65534};
}

Process::Process(Launch launch) : launch_(std::move(launch)) {
    std::vector<std::string> environment = environment_of(launch_);
    const std::string base = launch_.folder / launch_.name;
    const Plan plan{to_pointers(launch_.arguments),
                    to_pointers(environment),
                    launch_.input,
                    base + ".out",
                    base + ".err",
                    launch_.user,
                    launch_.death_signal,
                    ::getpid()};
    id_ = ::fork();
    if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (id_ == 0) become(plan);
    ::setpgid(id_, id_);  // whoever comes first, parent or child
}

Process::~Process() {
    if (tells_at_its_end(launch_)) {
        send(SIGTERM);
        wait(std::chrono::seconds{10});
    }
    if (!status_) ::kill(-id_, SIGKILL);
    wait(std::chrono::seconds{20});
    ::kill(-id_, SIGKILL);  // what it has left behind
    if (sanitizer_complained(errors())) FAIL_CHECK(launch_.name << ":\n" << errors());
}

void Process::send(int signal) {
    if (!status_) ::kill(id_, signal);
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!status_) {
        int raw = 0;
        if (::waitpid(id_, &raw, WNOHANG) == id_) {
            status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        } else if (std::chrono::steady_clock::now() >= end) {
            break;
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    }
    return status_;
}

std::string Process::output() const { return read_whole(launch_.folder / (launch_.name + ".out")); }
std::string Process::errors() const { return read_whole(launch_.folder / (launch_.name + ".err")); }

Finished run(Launch launch, std::chrono::milliseconds deadline) {
    Process process(std::move(launch));
    const std::optional<int> status = process.wait(deadline);
    return {status.value_or(124), process.output(), process.errors()};
}

std::string read_whole(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace outrigger::peers
