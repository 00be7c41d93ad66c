#include "agent/books/cursor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "shared/crc32c.h"

namespace outrigger::books {
namespace {

// crc u32 over what follows | version u32 | history | the cursor as this build lays it out
constexpr std::uint32_t version = 2;
constexpr std::size_t history_at = 8;
constexpr std::size_t head_bytes = history_at + sizeof(History);
constexpr std::string_view file_prefix = "cursor.";
using Image = std::array<std::byte, head_bytes + sizeof(Cursor)>;
static_assert(std::is_trivially_copyable_v<Cursor>);

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& sink) {
    return folder / (std::string(file_prefix) + sink);
}

std::uint32_t checksum(const Image& image) { return crc32c(Bytes(image).subspan(sizeof(std::uint32_t))); }

Image to_image(const History& history, const Cursor& cursor) {
    Image image{};
    std::memcpy(&image[4], &version, sizeof version);
    std::memcpy(&image[history_at], &history, sizeof history);
    std::memcpy(&image[head_bytes], &cursor, sizeof cursor);
    const std::uint32_t crc = checksum(image);
    std::memcpy(image.data(), &crc, sizeof crc);
    return image;
}

// Nothing unless it is there, whole and of this version.
std::optional<Image> read_image(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    Image image{};
    if (!file || ::pread(file.get(), image.data(), image.size(), 0) != static_cast<ssize_t>(image.size()))
        return std::nullopt;
    std::array<std::uint32_t, 2> head{};
    std::memcpy(head.data(), image.data(), sizeof head);
    if (head[0] != checksum(image) || head[1] != version) return std::nullopt;
    return image;
}

History history_of(const Image& image) {
    History history;
    std::memcpy(&history, &image[history_at], sizeof history);
    return history;
}

Cursor cursor_of(const Image& image) {
    Cursor cursor;
    std::memcpy(&cursor, &image[head_bytes], sizeof cursor);
    return cursor;
}

}  // namespace

CursorFile::CursorFile(const std::string& sink, const History& history,
                       const std::vector<std::filesystem::path>& folders)
    : sink_(sink), history_(history), folders_(folders) {
    for (std::size_t folder = 0; folder < folders_.size(); ++folder)
        if (open(folder)) return;
}

bool CursorFile::open(std::size_t folder) {
    const auto path = file_of(folders_[folder], sink_);
    if (file_ && folder == folder_ && has_name(file_.get(), path)) return true;
    folder_ = folder;
    file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    return static_cast<bool>(file_);
}

// A write that fails everywhere leaves an older cursor or none: the checkpoint's, and the ledger, stand behind it.
void CursorFile::save(const Cursor& cursor) {
    const Image image = to_image(history_, cursor);
    for (std::size_t folder = 0; folder < folders_.size(); ++folder) {
        if (!open(folder)) continue;
        if (::pwrite(file_.get(), image.data(), image.size(), 0) == static_cast<ssize_t>(image.size())) return;
    }
}

std::optional<Cursor> CursorFile::load(const std::string& sink, const History& history,
                                       const std::vector<std::filesystem::path>& folders) {
    std::optional<Cursor> furthest;
    for (const auto& folder : folders) {
        const auto image = read_image(file_of(folder, sink));
        if (!image || history_of(*image) != history) continue;
        const Cursor cursor = cursor_of(*image);
        if (!furthest || cursor.position > furthest->position) furthest = cursor;
    }
    return furthest;
}

std::optional<History> CursorFile::history_in(const std::filesystem::path& folder) {
    std::error_code error;
    for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
        if (!file->path().filename().string().starts_with(file_prefix)) continue;
        if (const auto image = read_image(file->path())) return history_of(*image);
    }
    return std::nullopt;
}

}  // namespace outrigger::books
