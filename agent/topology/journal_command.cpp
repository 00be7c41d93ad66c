#include "agent/topology/journal_command.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "agent/journal/inspection_text.h"
#include "agent/journal/lock_folder.h"
#include "shared/runtime_folder.h"

namespace outrigger::topology {
namespace {

constexpr int attempts = 4;  // a batch that is being written may look damaged
constexpr std::chrono::milliseconds pause{50};

// Beside the socket: where it is, or would be, without making anything.
std::filesystem::path runtime_journal(const settings::Settings& settings) {
    if (settings.socket) return std::filesystem::absolute(*settings.socket).parent_path() / "journal";
    const char* xdg = std::getenv("XDG_RUNTIME_DIR");
    std::error_code ignored;
    for (const std::filesystem::path folder :
         runtime_folders(xdg == nullptr ? std::nullopt : std::optional<std::string_view>(xdg), ::getuid()))
        if (std::filesystem::is_directory(folder / "journal", ignored)) return folder / "journal";
    return {};
}

}  // namespace

JournalAnswer ask_journal(const settings::CommandLine& line) {
    const bool verify = line.command == settings::Command::journal_verify;
    const auto folder = std::filesystem::path(line.settings.data_dir) / "journal";
    const auto fallback = runtime_journal(line.settings);
    const auto holder = journal::folder_holder(line.settings.data_dir);
    journal::Disk disk;
    auto found = journal::inspect(disk, folder, fallback, verify);
    for (int attempt = 1; attempt < attempts && holder && !found.is_whole(); ++attempt) {
        std::this_thread::sleep_for(pause);
        found = journal::inspect(disk, folder, fallback, verify);
    }
    JournalAnswer answer;
    answer.text = folder.string() + (fallback.empty() ? "" : " and " + fallback.string()) +
                  (holder ? ", in use by " + *holder : "") + "\n";
    const journal::Writing writing{holder.has_value(), line.settings.durability == settings::Durability::fsync};
    if (!verify) answer.text += journal::table(found, writing);
    answer.text += journal::problems(found) + journal::summary(found);
    answer.status = (verify && !found.is_whole()) || !found.errors.empty() ? 1 : 0;
    return answer;
}

}  // namespace outrigger::topology
