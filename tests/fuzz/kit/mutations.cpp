#include "tests/fuzz/kit/mutations.h"

#include <algorithm>
#include <array>

namespace outrigger::fuzz {

Buffer Mutations::next() {
    Buffer bytes = corpus_[below(corpus_.size())];
    for (std::size_t left = 1 + below(8); left > 0; --left) change(bytes);
    return bytes;
}

void Mutations::change(Buffer& bytes) {
    constexpr std::array<unsigned char, 12> meaningful = {0x00, 0xff, 0x7f, 0x80, 1,   '\n',
                                                          '"',  '\\', '{',  '|',  ':', ' '};
    const auto place = [&] { return bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)); };
    const std::size_t kind = below(7);
    if (kind == 0 || bytes.empty()) {
        bytes.insert(place(), 1 + below(4), static_cast<std::byte>(meaningful[below(meaningful.size())]));
    } else if (kind == 1) {
        bytes[below(bytes.size())] ^= static_cast<std::byte>(1U << below(8));
    } else if (kind == 2) {
        bytes[below(bytes.size())] = static_cast<std::byte>(random_());
    } else if (kind == 3) {
        bytes[below(bytes.size())] = static_cast<std::byte>(meaningful[below(meaningful.size())]);
    } else if (kind == 4) {
        const auto from = place();
        const auto left = static_cast<std::size_t>(bytes.end() - from);
        bytes.erase(from, from + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(left, 32) + 1)));
    } else if (kind == 5) {
        bytes.resize(below(bytes.size() + 1));
    } else {
        splice(bytes);
    }
}

// A piece of another input goes in somewhere.
void Mutations::splice(Buffer& bytes) {
    const Buffer& other = corpus_[below(corpus_.size())];
    if (other.empty()) return;
    const std::size_t from = below(other.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(other.size() - from, 64));
    const auto begin = other.begin() + static_cast<std::ptrdiff_t>(from);
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)), begin,
                 begin + static_cast<std::ptrdiff_t>(length));
}

}  // namespace outrigger::fuzz
