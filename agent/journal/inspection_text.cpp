#include "agent/journal/inspection_text.h"

#include <algorithm>
#include <array>

namespace outrigger::journal {
namespace {

using Row = std::vector<std::string>;
constexpr std::size_t text_columns = 2;  // the first ones and what follows the numbers stand left
constexpr std::array<std::string_view, static_cast<std::size_t>(Kind::count_) - 1> kind_names = {
    "REQUESTS", "METRICS", "DROPS", "REFUSED", "TORN", "IDENTITIES", "FLUSHES"};

Row headings() {
    Row row = {"SEGMENT", "PLACE", "GENERATION", "FIRST", "LAST"};
    for (const auto name : kind_names) row.emplace_back(name);
    for (const auto* name : {"BYTES", "STATE", "ON DISK", "DAMAGED"}) row.emplace_back(name);
    return row;
}

std::string state(const Inspected& file, const Writing& writing) {
    if (!file.header) return "unreadable";
    if (file.superseded) return "superseded";
    if (file.sealed) return "sealed";
    return file.newest && writing.running ? "active" : "unsealed";
}

std::string on_disk(const Inspected& file, const Writing& writing) {
    if (!file.header) return "-";
    if (file.fallback) return "no: memory";
    if (!writing.synced) return "in time";
    if (file.sealed || !file.newest) return "yes";
    return writing.running ? "but a batch" : "at start";
}

Row row_of(const Inspected& file, const Writing& writing) {
    Row row = {file.path.filename().string(), file.fallback ? "runtime" : "data"};
    if (file.quarantined) row.back() += ", quarantine";
    const auto number = [&](std::uint64_t value) { row.push_back(file.header ? std::to_string(value) : "-"); };
    number(file.header ? file.header->generation : 0);
    number(file.header ? file.header->first : 0);
    row.push_back(file.header && file.entries > 0 ? std::to_string(file.last()) : "-");
    for (std::size_t kind = 1; kind < file.counts.size(); ++kind) number(file.counts[kind]);
    row.push_back(std::to_string(file.bytes));
    row.push_back(state(file, writing));
    row.push_back(on_disk(file, writing));
    row.push_back(file.damage.empty() ? "no" : "yes");
    return row;
}

std::string aligned(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows)
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], row[column].size());
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            const std::string fill(widths[column] - row[column].size(), ' ');
            const bool left = column < text_columns || column + 3 >= row.size();
            text += left ? row[column] + fill : fill + row[column];
            text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

std::string positions(std::uint64_t first, std::uint64_t last) {
    return first == last ? "position " + std::to_string(first)
                         : "positions " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

std::string table(const Inspection& inspection, const Writing& writing) {
    std::vector<Row> rows = {headings()};
    for (const auto& file : inspection.files) rows.push_back(row_of(file, writing));
    return rows.size() == 1 ? std::string() : aligned(rows);
}

std::string problems(const Inspection& inspection) {
    std::string text;
    for (const auto& file : inspection.files)
        for (const auto& damage : file.damage)
            text += file.path.string() + ": at byte " + std::to_string(damage.offset) + ": " + damage.what +
                    (file.quarantined ? " (in quarantine)" : "") + "\n";
    for (const auto& gap : inspection.missing)
        text += positions(gap.first, gap.last) + ": in no segment, of " + std::to_string(gap.entries) +
                (gap.entries == 1 ? " entry\n" : " entries\n");
    for (const auto& other : inspection.others) text += other + ": not a segment\n";
    for (const auto& error : inspection.errors) text += error + "\n";
    return text;
}

std::string summary(const Inspection& inspection) {
    std::uint64_t segments = 0, bytes = 0, quarantined = 0, entries = 0, damaged = 0;
    for (const auto& file : inspection.files) {
        bytes += file.bytes;
        ++(file.quarantined ? quarantined : segments);
        if (file.quarantined) continue;
        entries += file.superseded ? 0 : file.entries;
        damaged += file.damage.empty() ? 0 : 1;
    }
    const auto counted = [](std::uint64_t count, const std::string& what) {
        return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
    };
    return counted(segments, "segment") + ", " + std::to_string(entries) + (entries == 1 ? " entry, " : " entries, ") +
           counted(bytes, "byte") + ", " + std::to_string(damaged) + " damaged, " + std::to_string(quarantined) +
           " in quarantine\n";
}

}  // namespace outrigger::journal
