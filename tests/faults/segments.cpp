#include "tests/faults/segments.h"

#include <algorithm>
#include <fstream>

namespace outrigger::faults {

namespace fs = std::filesystem;

namespace {

// Of what is written in a file the last bit that is not zero lies before it.
std::uint64_t written_bytes(const fs::path& file) {
    const std::string bytes = peers::read_whole(file);
    return bytes.find_last_not_of('\0') + 1;
}

}  // namespace

std::vector<fs::path> segments_of(const World& world) {
    std::vector<fs::path> found;
    for (const auto& file : fs::directory_iterator(world.agent.data() / "journal"))
        if (file.path().extension() == ".seg") found.push_back(file.path());
    std::ranges::sort(found);
    return found;
}

std::uint64_t turn_bits(World& world) {
    constexpr int mebibyte = 1 << 20;
    std::uint64_t turned = 0;
    for (const auto& segment : segments_of(world)) {
        const auto end = static_cast<int>(written_bytes(segment));
        if (end < mebibyte) continue;
        std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
        for (int i = 0; i < 20; ++i) {  // not at the end, which is then as of a write that a kill cut short
            const auto at = static_cast<std::streamoff>(world.from(end / 2, end - mebibyte / 4));
            file.seekg(at);
            const int old = file.get();
            file.seekp(at);
            file.put(static_cast<char>(old ^ (1 << world.from(0, 7))));
            ++turned;
        }
    }
    return turned;
}

}  // namespace outrigger::faults
