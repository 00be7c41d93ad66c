// Seeded mutations of a corpus, for the unit tests: crude beside libFuzzer's, but they come with every compiler and are
// the same at each run.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace outrigger::fuzz {

using Buffer = std::vector<std::byte>;

class Mutations {
  public:
    // `corpus` has at least one input, and outlives this.
    Mutations(const std::vector<Buffer>& corpus, std::uint32_t seed) : corpus_(corpus), random_(seed) {}

    // An input of the corpus, changed in one to eight places.
    Buffer next();

  private:
    std::size_t below(std::size_t end) { return random_() % end; }
    void change(Buffer& bytes);
    void splice(Buffer& bytes);

    const std::vector<Buffer>& corpus_;
    std::mt19937_64 random_;
};

}  // namespace outrigger::fuzz
