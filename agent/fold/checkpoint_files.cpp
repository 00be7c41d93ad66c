#include "agent/fold/checkpoint_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "agent/fold/checkpoint_reserve.h"
#include "agent/journal/patient_disk.h"

namespace outrigger::fold {
namespace {

constexpr std::size_t least_file_bytes = 256 * 1024;

std::string path_of(const std::filesystem::path& folder, std::size_t slot) {
    return folder / (slot == 0 ? "checkpoint.a" : "checkpoint.b");
}

std::unexpected<Error> failed(std::string_view what, const std::string& path, int error) {
    return std::unexpected(Error{ErrorKind::retry, std::string(what) + " " + path + ": " + std::strerror(error)});
}

books::History make_history() {
    std::random_device random;
    books::History history;
    for (auto& byte : history) byte = static_cast<std::uint8_t>(random());
    return history;
}

// Nothing: there is no such file. Empty bytes: it cannot be read.
std::optional<std::vector<std::byte>> read_file(journal::Disk& disk, const std::string& path) {
    const auto file = disk.open(path);
    if (!file) {
        const bool none = file.error() == ENOENT || file.error() == ENOTDIR;
        return none ? std::nullopt : std::optional(std::vector<std::byte>{});
    }
    std::vector<std::byte> bytes(disk.size(*file).value_or(0));
    bytes.resize(journal::read_all(disk, *file, bytes, 0).value_or(0));
    return bytes;
}

int write_and_sync(journal::Disk& disk, const journal::File& file, Bytes bytes) {
    const int error = journal::write_all(disk, file, bytes, 0);
    return error == 0 ? disk.sync(file) : error;
}

// A file that is long enough already is overwritten: that needs no space on the disk.
std::expected<void, Error> write_in_place(journal::Disk& disk, const std::string& path, Bytes bytes, bool& fits) {
    const auto file = disk.open_to_write(path);
    fits = file && disk.size(*file).value_or(0) >= bytes.size();
    if (!fits) return {};
    if (const int error = write_and_sync(disk, *file, bytes); error != 0) return failed("cannot write", path, error);
    return {};
}

// With room to grow.
std::size_t file_bytes(std::size_t bytes) { return ((bytes + bytes / 2) / least_file_bytes + 1) * least_file_bytes; }

bool is_full(int error) { return error == ENOSPC || error == EDQUOT; }

std::expected<journal::File, int> make_file(journal::Disk& disk, const std::string& path, std::size_t length) {
    auto file = disk.create(path);
    if (!file && file.error() == EEXIST && disk.remove(path) == 0) file = disk.create(path);
    const int error = file ? disk.allocate(*file, length) : 0;
    if (error == 0) return file;
    disk.remove(path);
    return std::unexpected(error);
}

std::expected<void, Error> write_anew(journal::Disk& disk, const std::filesystem::path& folder, const std::string& path,
                                      Bytes bytes, bool& unsure_of_name) {
    const std::string temporary = path + ".new";
    const std::size_t length = file_bytes(bytes.size());
    auto file = make_file(disk, temporary, length);
    if (!file && is_full(file.error())) file = take_reserve(disk, folder, temporary, bytes.size());
    if (!file) return failed("cannot make", temporary, file.error());
    int error = write_and_sync(disk, *file, bytes);
    if (error == 0) error = disk.replace(temporary, path);
    if (error != 0) {
        disk.remove(temporary);
        return failed("cannot write", path, error);
    }
    error = disk.sync_folder(folder);
    unsure_of_name = error != 0;
    if (error != 0) return failed("cannot sync the folder of", path, error);
    return {};
}

}  // namespace

CheckpointFiles::CheckpointFiles(std::filesystem::path folder, std::filesystem::path fallback,
                                 std::shared_ptr<journal::Disk> disk)
    : disk_(std::move(disk)), places_{Place{std::move(folder)}, Place{std::move(fallback)}} {}

Checkpoint CheckpointFiles::load(const std::optional<books::History>& told) {
    auto found = find();
    history_ = whose(found, told);
    for (const Found& each : found) {
        if (each.checkpoint.history == history_)
            places_[each.place].next_slot = 1 - each.slot;
        else
            set_aside(each);
    }
    std::erase_if(found, [this](const Found& each) { return each.checkpoint.history != history_; });
    if (!found.empty()) return std::move(found.back().checkpoint);
    Checkpoint none;
    none.history = history_;
    return none;
}

books::History CheckpointFiles::whose(const std::vector<Found>& found, const std::optional<books::History>& told) {
    const auto in_data_folder = std::ranges::find(found.rbegin(), found.rend(), std::size_t{0}, &Found::place);
    if (in_data_folder != found.rend()) return in_data_folder->checkpoint.history;
    if (told) return *told;
    return found.empty() ? make_history() : found.back().checkpoint.history;
}

std::vector<CheckpointFiles::Found> CheckpointFiles::find() {
    journal::PatientDisk patient(*disk_);
    std::vector<Found> found;
    for (std::size_t place = 0; place < places_.size(); ++place) {
        if (places_[place].folder.empty()) continue;
        for (std::size_t slot = 0; slot < 2; ++slot) {
            const std::string path = path_of(places_[place].folder, slot);
            auto bytes = read_file(patient, path);
            if (!bytes) continue;
            auto checkpoint = decode(std::move(*bytes));
            if (!checkpoint) {
                damaged_.push_back(path);
                continue;
            }
            sequence_ = std::max(sequence_, checkpoint->sequence);
            fallback_holds_one_ = fallback_holds_one_ || place == 1;
            found.push_back({place, slot, std::move(*checkpoint)});
        }
    }
    std::ranges::stable_sort(found, {}, [](const Found& each) {
        return std::pair(each.checkpoint.fold.position, each.checkpoint.sequence);
    });
    return found;
}

void CheckpointFiles::set_aside(const Found& found) {
    const std::string path = path_of(places_[found.place].folder, found.slot);
    const std::string name = path + ".foreign";
    foreign_.push_back(disk_->replace(path, name) == 0 ? name : path);
}

std::expected<bool, Error> CheckpointFiles::save(Checkpoint& checkpoint) {
    checkpoint.sequence = ++sequence_;
    checkpoint.history = history_;
    const std::vector<std::byte> bytes = encode(checkpoint);
    const auto first = save_to(places_[0], bytes);
    if (first) {
        keep_reserve(*disk_, places_[0].folder, 2 * file_bytes(bytes.size()));
        clear_fallback();
        return false;
    }
    if (places_[1].folder.empty()) return std::unexpected(first.error());
    const auto second = save_to(places_[1], bytes);
    fallback_holds_one_ = fallback_holds_one_ || second.has_value();
    if (second) return true;
    return std::unexpected(Error{ErrorKind::retry, first.error().what + "; " + second.error().what});
}

// An older one there would be taken for ours by a start that does not find the data directory.
void CheckpointFiles::clear_fallback() {
    if (!std::exchange(fallback_holds_one_, false)) return;
    for (std::size_t slot = 0; slot < 2; ++slot) disk_->remove(path_of(places_[1].folder, slot));
}

// The slot moves on only when its file is whole, so that the newest valid one is never the one that is overwritten.
std::expected<void, Error> CheckpointFiles::save_to(Place& place, Bytes bytes) {
    const std::string path = path_of(place.folder, place.next_slot);
    if (const int error = disk_->make_folder(place.folder); error != 0)
        return failed("cannot make the folder of", path, error);
    bool fits = false;
    std::expected<void, Error> written;
    if (!place.unsure_of_name) written = write_in_place(*disk_, path, bytes, fits);
    if (!fits) written = write_anew(*disk_, place.folder, path, bytes, place.unsure_of_name);
    if (written) place.next_slot = 1 - place.next_slot;
    return written;
}

}  // namespace outrigger::fold
