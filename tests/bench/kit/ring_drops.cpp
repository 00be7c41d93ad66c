#include "tests/bench/kit/ring_drops.h"

#include <cstddef>
#include <filesystem>
#include <fstream>

#include "shared/ring_format.h"
#include "shared/runtime_folder.h"

namespace outrigger::bench {

std::uint64_t ring_drops(const std::string& socket) {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(rings_folder(socket))) {
        if (entry.path().extension() != ring::file_suffix) continue;
        std::uint64_t total = 0;
        std::ifstream file(entry.path(), std::ios::binary);
        file.seekg(static_cast<std::streamoff>(offsetof(ring::Header, drop_totals) +
                                               static_cast<std::size_t>(DropReason::ring_full) * sizeof total));
        file.read(reinterpret_cast<char*>(&total), sizeof total);
        sum += total;
    }
    return sum;
}

}  // namespace outrigger::bench
