#include "tests/fuzz/kit/crash_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/fuzz/kit/disk_table.h"

namespace outrigger::fuzz {
namespace {

constexpr int powerless = EACCES;  // which nobody asks about again
constexpr std::size_t block_bytes = 512;

void put(CrashDisk::Content& into, std::size_t offset, std::span<const std::byte> bytes) {
    into.resize(std::max(into.size(), offset + bytes.size()));
    std::ranges::copy(bytes, into.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

bool CrashDisk::dies() {
    if (dead_) return true;
    dead_ = ++calls_ >= dying_call_;
    return dead_ && !dying_call_is_done_;
}

void CrashDisk::power_comes_back(Source& chance) {
    // Mostly the names are there in their order up to some moment, as a journaling file system has them.
    const bool in_order = chance.number<std::uint8_t>() % 4 != 0;
    const std::size_t there = namings_.empty() ? 0 : chance.below(namings_.size() + 1);
    for (std::size_t i = 0; i < namings_.size(); ++i)
        if (in_order ? i < there : chance.flag()) apply(platter_names_, namings_[i]);
    namings_.clear();
    names_ = platter_names_;
    std::set<Node*> settled;
    for (auto& [path, node] : names_)
        if (settled.insert(node.get()).second) settle(*node, chance);
    dead_ = false;
    dying_call_ = UINT64_MAX;
}

void CrashDisk::settle(Node& node, Source& chance) {
    for (const Change& change : node.changes) {
        if (change.size) {
            if (chance.flag()) node.platter.resize(*change.size);
            continue;
        }
        const std::size_t end = change.offset + change.bytes.size();
        for (std::size_t at = change.offset; at < end;) {
            const std::size_t next = std::min(end, at / block_bytes * block_bytes + block_bytes);
            if (chance.flag()) put(node.platter, at, std::span(change.bytes).subspan(at - change.offset, next - at));
            at = next;
        }
    }
    node.changes.clear();
    node.cached = node.platter;
}

void CrashDisk::apply(Names& names, const Naming& naming) {
    if (!naming.gone.empty()) names.erase(naming.gone);
    if (naming.node)
        names[naming.path] = naming.node;
    else
        names.erase(naming.path);
}

CrashDisk::File CrashDisk::opened(std::shared_ptr<Node> node) {
    const int descriptor = first_descriptor + static_cast<int>(open_.size());
    open_.emplace(descriptor, std::move(node));
    return File(descriptor);
}

// On the disk at once: the agent makes its folders once, and syncs them.
int CrashDisk::make_folder(const std::filesystem::path& folder) {
    if (dead_) return powerless;
    folders_.insert(folder);
    return 0;
}

std::expected<CrashDisk::File, int> CrashDisk::create(const std::filesystem::path& path) {
    if (!folders_.contains(path.parent_path())) return std::unexpected(ENOENT);
    if (names_.contains(path)) return std::unexpected(EEXIST);
    if (dies()) return std::unexpected(powerless);
    namings_.push_back({path, {}, names_[path] = std::make_shared<Node>()});
    return opened(names_[path]);
}

std::expected<CrashDisk::File, int> CrashDisk::open(const std::filesystem::path& path) {
    if (dead_) return std::unexpected(powerless);
    const auto found = names_.find(path);
    if (found == names_.end()) return std::unexpected(folders_.contains(path) ? ELOOP : ENOENT);
    return opened(found->second);
}

int CrashDisk::allocate(const File& file, std::uint64_t bytes) {
    if (dies()) return powerless;
    Node& all = node(file);
    if (all.cached.size() >= bytes) return 0;
    all.cached.resize(bytes);
    all.changes.push_back({bytes, 0, {}});
    return 0;
}

std::expected<std::size_t, int> CrashDisk::write(const File& file, std::span<const iovec> parts, std::uint64_t offset) {
    if (dies()) return std::unexpected(powerless);
    Change change{{}, offset, {}};
    for (const iovec& part : parts) {
        const auto* bytes = static_cast<const std::byte*>(part.iov_base);
        change.bytes.insert(change.bytes.end(), bytes, bytes + part.iov_len);
    }
    const std::size_t written = change.bytes.size();
    put(node(file).cached, offset, change.bytes);
    node(file).changes.push_back(std::move(change));
    if (dead_) return std::unexpected(powerless);
    return written;
}

std::expected<std::size_t, int> CrashDisk::read(const File& file, std::span<std::byte> into, std::uint64_t offset) {
    if (dead_) return std::unexpected(powerless);
    return read_at(node(file).cached, into, offset);
}

int CrashDisk::sync(const File& file) {
    if (dies()) return powerless;
    node(file).platter = node(file).cached;
    node(file).changes.clear();
    return dead_ ? powerless : 0;
}

int CrashDisk::sync_folder(const std::filesystem::path& folder) {
    if (dies()) return powerless;
    std::erase_if(namings_, [&](const Naming& naming) {
        if (naming.path.parent_path() != folder) return false;
        apply(platter_names_, naming);
        return true;
    });
    return dead_ ? powerless : 0;
}

int CrashDisk::cut(const std::filesystem::path& path, std::uint64_t bytes) {
    const auto found = names_.find(path);
    if (found == names_.end()) return ENOENT;
    if (dies()) return powerless;
    found->second->cached.resize(bytes);
    found->second->changes.push_back({bytes, 0, {}});
    return dead_ ? powerless : 0;
}

int CrashDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    return names_.contains(to) ? EEXIST : replace(from, to);
}

int CrashDisk::replace(const std::filesystem::path& from, const std::filesystem::path& to) {
    const auto found = names_.find(from);
    if (found == names_.end()) return ENOENT;
    if (dies()) return powerless;
    namings_.push_back({to, from, found->second});
    apply(names_, namings_.back());
    return dead_ ? powerless : 0;
}

int CrashDisk::link(const std::filesystem::path& from, const std::filesystem::path& to) {
    const auto found = names_.find(from);
    if (found == names_.end()) return ENOENT;
    if (names_.contains(to)) return EEXIST;
    if (dies()) return powerless;
    namings_.push_back({to, {}, found->second});
    apply(names_, namings_.back());
    return dead_ ? powerless : 0;
}

int CrashDisk::remove(const std::filesystem::path& path) {
    if (!names_.contains(path)) return ENOENT;
    if (dies()) return powerless;
    namings_.push_back({path, {}, nullptr});
    names_.erase(path);
    return dead_ ? powerless : 0;
}

std::expected<std::uint64_t, int> CrashDisk::size(const File& file) {
    if (dead_) return std::unexpected(powerless);
    return node(file).cached.size();
}

bool CrashDisk::has_name(const File& file, const std::filesystem::path& path) {
    if (dead_) return false;
    const auto found = names_.find(path);
    return found != names_.end() && found->second.get() == &node(file);
}

std::expected<std::vector<std::string>, int> CrashDisk::list(const std::filesystem::path& folder) {
    if (dead_) return std::unexpected(powerless);
    if (!folders_.contains(folder)) return std::unexpected(ENOENT);
    return names_in(folder, names_, folders_);
}

}  // namespace outrigger::fuzz
