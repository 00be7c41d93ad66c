#include "tests/faults/event_content.h"

#include <array>
#include <charconv>
#include <random>

namespace outrigger::faults {
namespace {

constexpr std::string_view prefix = "/load/";
constexpr std::size_t usual_bytes = 200;
constexpr std::size_t most_bytes = 4096;

template <class Number>
bool take(std::string_view& text, Number& number, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('/')) text.remove_prefix(1);
    return true;
}

}  // namespace

std::string path_of(const EventName& name) {
    std::array<char, 17> epoch{};
    const auto end = std::to_chars(epoch.data(), epoch.data() + epoch.size(), name.epoch, 16).ptr;
    return std::string(prefix) + std::string(epoch.data(), end) + "/" + std::to_string(name.thread) + "/" +
           std::to_string(name.number);
}

std::optional<EventName> parse_path(std::string_view path) {
    if (!path.starts_with(prefix)) return std::nullopt;
    path.remove_prefix(prefix.size());
    EventName name;
    if (!take(path, name.epoch, 16) || !take(path, name.thread, 10) || !take(path, name.number, 10))
        return std::nullopt;
    return path.empty() ? std::optional(name) : std::nullopt;
}

std::string message_of(const EventName& name, bool mixed) {
    constexpr std::array<std::string_view, 12> pieces = {"a",   "Z7",    " ",   "\t",    "\n", "\\",
                                                         "\\N", "\\.\n", "'\"", "|:#,@", "é",  "\x1b[2J../%0d%0a;--"};
    std::seed_seq seed{static_cast<std::uint32_t>(name.epoch), static_cast<std::uint32_t>(name.epoch >> 32),
                       name.thread, static_cast<std::uint32_t>(name.number)};
    std::minstd_rand random(seed);
    const std::size_t bytes = mixed ? random() % most_bytes : usual_bytes;
    std::string text;
    while (text.size() + 24 < bytes) text += mixed ? pieces[random() % pieces.size()] : pieces[random() % 3];
    return text;
}

}  // namespace outrigger::faults
