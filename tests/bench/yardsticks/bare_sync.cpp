#include "tests/bench/yardsticks/bare_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "shared/file_descriptor.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {

using namespace std::chrono_literals;

BareSyncs write_and_sync(std::size_t bytes_each, std::chrono::milliseconds length) {
    constexpr auto turn = 6ms;
    const peers::TemporaryFolder folder;
    const FileDescriptor file(::open((folder / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw std::runtime_error("cannot make a file");
    const std::vector<char> zeros(bytes_each), bytes(bytes_each, 'x');
    const auto write = [&file](const std::vector<char>& what) {
        if (::write(file.get(), what.data(), what.size()) != static_cast<ssize_t>(what.size()))
            throw std::runtime_error("cannot write");
    };
    for (auto i = length / turn; i >= 0; --i) write(zeros);
    if (::fsync(file.get()) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) throw std::runtime_error("cannot sync");

    BareSyncs result;
    const double cpu = thread_seconds(), began = wall_seconds();
    auto next = std::chrono::steady_clock::now();
    for (auto i = length / turn; i > 0; --i) {
        const double start = wall_seconds();
        write(bytes);
        if (::fdatasync(file.get()) != 0) throw std::runtime_error("cannot sync");
        result.taken_ms.push_back((wall_seconds() - start) * 1e3);
        std::this_thread::sleep_until(next += turn);
    }
    result.cpu_percent = 100 * (thread_seconds() - cpu) / (wall_seconds() - began);
    return result;
}

}  // namespace outrigger::bench
