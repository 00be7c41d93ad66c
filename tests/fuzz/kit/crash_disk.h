// A disk that may lose its power at any call, as the file systems that ALICE and BOB describe: of what was not synced,
// each block of 512 bytes, each change of a size and each name may be there or not, whatever the order they were asked
// for in. Thousands of such states a second; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/journal/disk.h"
#include "tests/fuzz/kit/source.h"

namespace outrigger::fuzz {

class CrashDisk final : public journal::Disk {
  public:
    using Content = std::vector<std::byte>;
    using File = journal::File;

    // The power goes at the `call`-th call from now on that changes something; `done`: that one still happens,
    // unsynced.
    void lose_power_at(std::uint64_t call, bool done) {
        dying_call_ = calls_ + call;
        dying_call_is_done_ = done;
    }
    bool dead() const { return dead_; }
    std::uint64_t calls() const { return calls_; }
    // Files are what the disk has of them; what that is, where it may be this or that, `chance` decides.
    void power_comes_back(Source& chance);

    int make_folder(const std::filesystem::path& folder) override;
    std::expected<File, int> create(const std::filesystem::path& path) override;
    std::expected<File, int> open(const std::filesystem::path& path) override;
    std::expected<File, int> open_to_write(const std::filesystem::path& path) override { return open(path); }
    int allocate(const File& file, std::uint64_t bytes) override;
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override;
    std::expected<std::size_t, int> read(const File& file, std::span<std::byte> into, std::uint64_t offset) override;
    int sync(const File& file) override;
    int sync_folder(const std::filesystem::path& folder) override;
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override;
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int replace(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int link(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int remove(const std::filesystem::path& path) override;
    std::expected<std::uint64_t, int> size(const File& file) override;
    bool has_name(const File& file, const std::filesystem::path& path) override;
    std::expected<std::vector<std::string>, int> list(const std::filesystem::path& folder) override;

  private:
    struct Change {                       // of a file, not synced
        std::optional<std::size_t> size;  // a new size; else bytes at an offset
        std::size_t offset = 0;
        Content bytes;
    };
    struct Node {
        Content cached;   // what programs see
        Content platter;  // what a sync has put there
        std::vector<Change> changes;
    };
    using Names = std::map<std::filesystem::path, std::shared_ptr<Node>>;
    struct Naming {  // not synced: `path` leads to `node`, or nowhere; a rename is the two at once
        std::filesystem::path path, gone;
        std::shared_ptr<Node> node;
    };

    bool dies();  // counts a call; true when nothing happens any more
    File opened(std::shared_ptr<Node> node);
    Node& node(const File& file) { return *open_.at(file.descriptor()); }
    static void apply(Names& names, const Naming& naming);
    static void settle(Node& node, Source& chance);

    Names names_, platter_names_;
    std::vector<Naming> namings_;
    std::set<std::filesystem::path> folders_;
    std::map<int, std::shared_ptr<Node>> open_;
    std::uint64_t calls_ = 0, dying_call_ = UINT64_MAX;
    bool dying_call_is_done_ = false, dead_ = false;
};

}  // namespace outrigger::fuzz
