#include "agent/sinks/rows/facts.h"

#include <charconv>

#include "agent/sinks/rows/ledger.h"

namespace outrigger::rows {

namespace {

template <class Number>
std::optional<Number> to_number(std::string_view text, std::string_view* rest = nullptr) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || text.empty()) return std::nullopt;
    if (rest != nullptr) *rest = text.substr(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<journal::Uuid> to_uuid(std::string_view text) {
    journal::Uuid uuid;
    std::size_t at = 0;
    for (auto& byte : uuid) {
        if (at < text.size() && text[at] == '-') ++at;
        if (at + 2 > text.size()) return std::nullopt;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
        if (error != std::errc() || end != text.data() + at + 2) return std::nullopt;
        at += 2;
    }
    return at == text.size() ? std::optional(uuid) : std::nullopt;
}

std::optional<Beginning> to_beginning(std::string_view text) {
    std::string_view rest;
    const auto position = to_number<std::uint64_t>(text, &rest);
    if (!position || rest.empty()) return std::nullopt;
    const auto requests = to_number<std::uint64_t>(rest.substr(1));
    if (!requests) return std::nullopt;
    return Beginning{*position, *requests};
}

std::string text_of(const std::optional<Beginning>& beginning) {
    if (!beginning) return {};
    return std::to_string(beginning->position) + " " + std::to_string(beginning->requests);
}

template <class Number>
std::string text_of(const std::optional<Number>& number) {
    return number ? std::to_string(*number) : std::string();
}

}  // namespace

Facts read_facts(const RowsParts& parts) {
    return {to_uuid(parts.fact("rows.journal")), to_number<std::int32_t>(parts.fact("rows.agent")),
            to_beginning(parts.fact("rows.beginning")), to_number<std::uint64_t>(parts.fact("rows.uncompared"))};
}

std::expected<void, Error> keep_facts(const RowsParts& parts, const Facts& facts) {
    return parts.keep({{"rows.journal", facts.journal ? to_text(*facts.journal) : std::string()},
                       {"rows.agent", text_of(facts.agent)},
                       {"rows.beginning", text_of(facts.beginning)},
                       {"rows.uncompared", text_of(facts.uncompared)}});
}

}  // namespace outrigger::rows
