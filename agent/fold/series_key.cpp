#include "agent/fold/series_key.h"

#include <charconv>
#include <cstring>

#include "agent/fold/label_text.h"

namespace outrigger::fold {
namespace {

constexpr std::size_t head_bytes = 8;
constexpr std::size_t tag_head_bytes = 3;

void put_u16(char* at, std::size_t value) {
    const auto narrow = static_cast<std::uint16_t>(value);
    std::memcpy(at, &narrow, sizeof narrow);
}

std::uint16_t get_u16(std::string_view bytes) {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

// Takes `length` bytes off the front, or says that there are not so many.
bool take(std::string_view& rest, std::size_t length, std::string_view& out) {
    if (rest.size() < length) return false;
    out = rest.substr(0, length);
    rest.remove_prefix(length);
    return true;
}

}  // namespace

void SeriesKeyWriter::begin(const SeriesId& id) {
    const std::string_view method = id.method.substr(0, UINT8_MAX);
    const std::string_view service = id.service.substr(0, UINT16_MAX);
    const std::string_view route = id.route.substr(0, UINT16_MAX);
    bytes_.resize(head_bytes);
    put_u16(bytes_.data(), id.status);
    bytes_[2] = static_cast<char>(method.size());
    bytes_[3] = 0;
    put_u16(bytes_.data() + 4, service.size());
    put_u16(bytes_.data() + 6, route.size());
    bytes_.append(method).append(service).append(route);
}

void SeriesKeyWriter::add_tag(std::string_view label_name, std::string_view value) {
    const std::string_view name = label_name.substr(0, UINT8_MAX);
    const std::string_view text = value.substr(0, UINT16_MAX);
    char head[tag_head_bytes];
    head[0] = static_cast<char>(name.size());
    put_u16(head + 1, text.size());
    bytes_.append(head, sizeof head).append(name).append(text);
    bytes_[3] = static_cast<char>(bytes_[3] + 1);
}

std::optional<SeriesKey> parse_series_key(std::string_view key) {
    std::string_view head;
    if (!take(key, head_bytes, head)) return std::nullopt;
    SeriesKey out;
    out.id.status = get_u16(head);
    if (!take(key, static_cast<std::uint8_t>(head[2]), out.id.method)) return std::nullopt;
    if (!take(key, get_u16(head.substr(4)), out.id.service)) return std::nullopt;
    if (!take(key, get_u16(head.substr(6)), out.id.route)) return std::nullopt;
    for (std::uint8_t left = static_cast<std::uint8_t>(head[3]); left > 0; --left) {
        std::string_view tag_head, name, value;
        if (!take(key, tag_head_bytes, tag_head)) return std::nullopt;
        if (!take(key, static_cast<std::uint8_t>(tag_head[0]), name)) return std::nullopt;
        if (!take(key, get_u16(tag_head.substr(1)), value)) return std::nullopt;
        out.tags.emplace_back(name, value);
    }
    if (!key.empty()) return std::nullopt;
    return out;
}

std::string render_labels(const SeriesKey& key, NamingSet names, bool with_route) {
    const LabelNames& label = label_names(names);
    char status[8];
    const auto end = std::to_chars(status, status + sizeof status, key.id.status).ptr;
    std::string out;
    append_label(out, label.service, key.id.service);
    append_label(out, label.method, key.id.method);
    if (with_route) append_label(out, label.route, key.id.route);
    append_label(out, label.status, {status, static_cast<std::size_t>(end - status)});
    for (const auto& [name, value] : key.tags) append_label(out, name, value);
    return out;
}

}  // namespace outrigger::fold
