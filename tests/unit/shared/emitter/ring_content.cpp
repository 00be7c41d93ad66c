#include "tests/unit/shared/emitter/ring_content.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace outrigger::test {
namespace {

// The bytes from a cell on, `length` of them, round the end of the file.
std::string wrapped(const std::string& cells, std::size_t offset, std::size_t length) {
    std::string out = cells.substr(offset, length);
    return out + cells.substr(0, length - out.size());
}

}  // namespace

RingContent RingContent::read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() < ring::header_bytes) throw std::runtime_error("no ring at " + path);
    const auto header = std::make_unique<ring::Header>();
    std::memcpy(static_cast<void*>(header.get()), bytes.data(), sizeof(ring::Header));
    const std::string cells = bytes.substr(ring::header_bytes);

    RingContent content;
    content.emitter = header->emitter;
    content.hello = parse_hello({header->hello.data(), header->hello_bytes}).value();
    content.first = header->released_number;
    content.next = ring::extended(content.first, ring::high_half(header->reservation));
    for (std::size_t reason = 0; reason < content.drops.size(); ++reason)
        content.drops[reason] = header->drop_totals[reason];

    std::uint64_t cell = header->released_cells;
    const std::uint64_t end = ring::extended(cell, ring::low_half(header->reservation));
    while (cell < end) {
        const std::size_t offset = ring::offset_of(cell, header->cells);
        ring::CellHead head;
        std::memcpy(&head, cells.data() + offset, sizeof head);
        const std::uint32_t lap = ring::lap_of(cell, header->cells);
        if (head.lap == lap && head.length <= limits::record_bytes) {
            const std::string record = wrapped(cells, offset, sizeof head + head.length).substr(sizeof head);
            if (ring::checksum(lap, head.number, std::as_bytes(std::span(record))) == head.crc) {
                content.entries.push_back({head.number, record});
                cell += ring::cells_of(head.length);
                continue;
            }
        }
        ++cell;
    }
    return content;
}

}  // namespace outrigger::test
