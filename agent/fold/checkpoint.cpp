#include "agent/fold/checkpoint.h"

#include <cstring>
#include <span>

#include "agent/fold/bytes.h"
#include "agent/fold/flush_bytes.h"
#include "agent/fold/snapshot_bytes.h"
#include "shared/crc32c.h"

namespace outrigger::fold {
namespace {

// magic · u32 version · u32 CRC32C of all that follows · u64 length of all that follows · u64 sequence · history
// · fold · cursors · facts · flushes. Files are longer than that: they are preallocated.
constexpr std::string_view magic = "OUTRCKPT";
constexpr std::uint32_t version = 2;
constexpr std::size_t head_bytes = 24;

}  // namespace

std::vector<std::byte> encode(const Checkpoint& checkpoint) {
    ByteWriter out;
    out.bytes({reinterpret_cast<const std::byte*>(magic.data()), magic.size()});
    out.number(version);
    out.number(std::uint32_t{0});
    out.number(std::uint64_t{0});
    out.number(checkpoint.sequence);
    out.bytes(std::as_bytes(std::span(checkpoint.history)));
    write(out, checkpoint.fold);
    out.number(static_cast<std::uint32_t>(checkpoint.cursors.size()));
    for (const auto& [sink, cursor] : checkpoint.cursors) {
        out.text(sink);
        write(out, cursor);
    }
    out.number(static_cast<std::uint32_t>(checkpoint.facts.size()));
    for (const auto& [name, value] : checkpoint.facts) {
        out.text(name);
        out.text(value);
    }
    write(out, checkpoint.fold.flushes);
    std::vector<std::byte>& bytes = out.out();
    store(bytes.data() + 12, crc32c(Bytes(bytes).subspan(head_bytes)));
    store(bytes.data() + 16, std::uint64_t{bytes.size() - head_bytes});
    return std::move(bytes);
}

std::optional<Checkpoint> decode(std::vector<std::byte> bytes) {
    ByteReader head(bytes);
    const Bytes found = head.bytes(magic.size());
    const bool known = std::string_view(reinterpret_cast<const char*>(found.data()), found.size()) == magic &&
                       head.number<std::uint32_t>() == version;
    const auto crc = head.number<std::uint32_t>();
    const auto length = head.number<std::uint64_t>();
    if (!known || !head.whole() || length > bytes.size() - head_bytes) return std::nullopt;
    bytes.resize(head_bytes + length);
    if (crc32c(Bytes(bytes).subspan(head_bytes)) != crc) return std::nullopt;

    Checkpoint out;
    out.text = std::move(bytes);
    ByteReader in(Bytes(out.text).subspan(head_bytes));
    out.sequence = in.number<std::uint64_t>();
    const Bytes history = in.bytes(out.history.size());
    if (history.size() == out.history.size()) std::memcpy(out.history.data(), history.data(), history.size());
    read(in, out.fold, out.labels);
    for (std::size_t left = in.count(8); left > 0; --left) {
        const std::string sink(in.text());
        out.cursors[sink] = read_cursor(in);
    }
    for (std::size_t left = in.count(8); left > 0; --left) {
        const std::string name(in.text());
        out.facts[name] = std::string(in.text());
    }
    out.fold.flushes = read_flushes(in, out.fold.requests.size);
    if (!in.whole() || !in.at_end()) return std::nullopt;
    return out;
}

}  // namespace outrigger::fold
