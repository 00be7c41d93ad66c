#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/kit/mutations.h"
#include "tests/fuzz/kit/target.h"

namespace outrigger::fuzz {
namespace {

constexpr std::size_t mutations = 3'000;
constexpr std::chrono::seconds patience{2};  // under a sanitizer fewer are run

Buffer contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    Buffer bytes(static_cast<std::size_t>(std::filesystem::file_size(file)));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

// Each in a block of its own size, so that a sanitizer sees a read behind it.
void run(Target target, const Buffer& input, const std::string& name) {
    try {
        target(Buffer(input));
    } catch (const std::exception& error) {
        std::ofstream("build/broken-input", std::ios::binary)
            .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
        throw Broken(name + " (build/broken-input): " + error.what());
    }
}

}  // namespace

void replay(const std::string& name, Target target) {
    const auto folder = std::filesystem::path(__FILE__).parent_path().parent_path() / "corpus" / name;
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(folder)) files.push_back(file.path());
    std::ranges::sort(files);
    std::vector<Buffer> corpus{Buffer{}};
    for (const auto& file : files) run(target, corpus.emplace_back(contents(file)), file);

    Mutations mutated(corpus, 1);
    const auto end = std::chrono::steady_clock::now() + patience;
    for (std::size_t count = 1; count <= mutations && std::chrono::steady_clock::now() < end; ++count)
        run(target, mutated.next(), "mutation " + std::to_string(count) + " of " + name);
}

}  // namespace outrigger::fuzz
