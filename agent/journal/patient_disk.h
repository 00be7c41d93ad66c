// A disk that is asked again when it does not answer: a read that fails once at start must not cost what it would have
// shown. Only what changes nothing is asked again, and never a sync. Used by recovery, on its thread.
#pragma once

#include <cerrno>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>

#include "agent/journal/disk.h"

namespace outrigger::journal {

class PatientDisk final : public Disk {
  public:
    static constexpr int attempts = 5;
    static constexpr std::chrono::milliseconds first_pause{2};     // doubles with each attempt
    static constexpr std::chrono::milliseconds most_pauses{1000};  // together; after that each answer is the last

    explicit PatientDisk(Disk& disk) : disk_(disk) {}
    std::uint64_t asked_again() const { return asked_again_; }

    std::expected<File, int> open(const std::filesystem::path& path) override {
        return ask([&] { return disk_.open(path); });
    }
    std::expected<std::size_t, int> read(const File& file, std::span<std::byte> into, std::uint64_t offset) override {
        return ask([&] { return disk_.read(file, into, offset); });
    }
    std::expected<std::uint64_t, int> size(const File& file) override {
        return ask([&] { return disk_.size(file); });
    }
    std::expected<std::vector<std::string>, int> list(const std::filesystem::path& folder) override {
        return ask([&] { return disk_.list(folder); });
    }

    int make_folder(const std::filesystem::path& folder) override { return disk_.make_folder(folder); }
    std::expected<File, int> create(const std::filesystem::path& path) override { return disk_.create(path); }
    std::expected<File, int> open_to_write(const std::filesystem::path& path) override {
        return disk_.open_to_write(path);
    }
    int allocate(const File& file, std::uint64_t bytes) override { return disk_.allocate(file, bytes); }
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        return disk_.write(file, parts, offset);
    }
    int sync(const File& file) override { return disk_.sync(file); }
    int sync_folder(const std::filesystem::path& folder) override { return disk_.sync_folder(folder); }
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override { return disk_.cut(path, bytes); }
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return disk_.rename(from, to);
    }
    int replace(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return disk_.replace(from, to);
    }
    int link(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return disk_.link(from, to);
    }
    int remove(const std::filesystem::path& path) override { return disk_.remove(path); }
    bool has_name(const File& file, const std::filesystem::path& path) override { return disk_.has_name(file, path); }

  private:
    // Answers that asking again does not change, or that the caller asks about again.
    static bool is_final(int error) {
        return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES || error == EPERM ||
               error == EINTR;
    }

    template <class Question>
    std::invoke_result_t<Question> ask(Question question) {
        auto answer = question();
        auto pause = first_pause;
        for (int attempt = 1; attempt < attempts && !answer && !is_final(answer.error()); ++attempt) {
            if (paused_ + pause > most_pauses) return answer;
            std::this_thread::sleep_for(pause);
            paused_ += std::exchange(pause, 2 * pause);
            ++asked_again_;
            answer = question();
        }
        return answer;
    }

    Disk& disk_;
    std::chrono::milliseconds paused_{0};
    std::uint64_t asked_again_ = 0;
};

}  // namespace outrigger::journal
