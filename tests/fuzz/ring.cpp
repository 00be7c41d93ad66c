// The ring of a dead process, undamaged or with any of its bytes changed: each number reserved is handed in, refused or
// torn, once and in order; of an undamaged ring exactly what was published is handed in.
#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <map>
#include <string>

#include "agent/intake/orphan_ring.h"
#include "tests/fuzz/kit/intake_bench.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

constexpr std::uint64_t cells = 64;
constexpr std::size_t file_bytes = ring::header_bytes + cells * ring::cell_bytes;

// A ring as its process leaves it, made by hand from the drawing in ring_format.h.
struct MadeRing {
    std::vector<std::byte> bytes = std::vector<std::byte>(file_bytes);
    std::uint64_t first = 1, end = 1;                           // numbers
    std::map<std::uint64_t, std::vector<std::byte>> published;  // by number

    std::uint64_t cell = 0, first_cell = 0;

    explicit MadeRing(fuzz::Source& source) {
        first = end = 1 + source.number<std::uint32_t>() * std::uint64_t{source.number<std::uint16_t>()};
        cell = first_cell = source.number<std::uint32_t>() * std::uint64_t{source.number<std::uint8_t>()};
        for (std::size_t left = source.below(40); left > 0; --left) push(source);
        write_header();
    }

  private:
    void push(fuzz::Source& source) {
        const auto how = source.number<std::uint8_t>();
        const std::string path(source.number<std::uint8_t>(), 'p');
        RequestEvent event;
        event.path = path;
        event.status = 200;
        const auto measured = measure(event);
        std::vector<std::byte> record(measured->length);
        write(event, *measured, record.data());
        if (how % 8 == 1) record[4] = std::byte{9};                    // neither request nor metric
        if (how % 8 == 2) store(record.data() + 6, std::uint16_t{9});  // no such status
        const std::uint64_t taken = ring::cells_of(record.size());
        if (cell + taken > first_cell + cells) return;
        if (how % 8 != 0) put(record);
        cell += taken;
        ++end;
    }

    void put(const std::vector<std::byte>& record) {
        const std::uint32_t lap = ring::lap_of(cell, cells);
        const ring::CellHead head{static_cast<std::uint32_t>(record.size()), lap, end, ring::checksum(lap, end, record),
                                  0};
        std::vector<std::byte> whole(sizeof head);
        std::memcpy(whole.data(), &head, sizeof head);
        whole.insert(whole.end(), record.begin(), record.end());
        const std::size_t start = ring::offset_of(cell, cells);
        for (std::size_t i = 0; i < whole.size(); ++i)
            bytes[ring::header_bytes + (start + i) % (cells * ring::cell_bytes)] = whole[i];
        published.emplace(end, record);
    }

    void write_header() {
        alignas(64) std::array<std::byte, ring::header_bytes> page{};
        auto* header = new (page.data()) ring::Header{};
        header->magic = ring::magic;
        header->version = 1;
        header->cell_bytes = ring::cell_bytes;
        header->cells = cells;
        header->emitter[3] = 7;
        Hello hello;
        hello.identity.emitter = header->emitter;
        hello.identity.service = "shop";
        std::vector<std::byte> frame;
        append(frame, hello);
        header->hello_bytes = static_cast<std::uint32_t>(frame.size());
        std::ranges::copy(frame, header->hello.begin());
        header->reservation = ring::joined(ring::low_half(cell), ring::low_half(end));
        header->released_cells = first_cell;
        header->released_number = first;
        header->drop_totals[0] = 3;
        std::ranges::copy(page, bytes.begin());
    }
};

// One file for all inputs: a name, as a ring has it.
const std::string& ring_file() {
    static const std::string path = [] {
        const std::string name = "/dev/shm/outrigger-fuzz-" + std::to_string(::getpid()) + ".ring";
        std::atexit([] { ::unlink(("/dev/shm/outrigger-fuzz-" + std::to_string(::getpid()) + ".ring").c_str()); });
        return name;
    }();
    return path;
}

void write_file(const std::vector<std::byte>& bytes) {
    const FileDescriptor file(::open(ring_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const bool written = ::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()) &&
                         ::ftruncate(file.get(), static_cast<off_t>(bytes.size())) == 0;
    expect(written, "the ring can be written");
}

void check(const MadeRing& made, bool damaged) {
    auto ring = intake::OrphanRing::open(ring_file(), 5);
    if (!ring) return expect(damaged && ring.error() == intake::RingState::corrupt, "an undamaged ring can be opened");
    intake::Counters counters;
    intake::Emitters emitters({});
    intake::Admission admission(emitters, counters, std::chrono::days(30),
                                [](const auto&, auto) { return std::expected<void, Refused>(); }, {});
    admission.set_now(fuzz::bench_now_us);
    if (!ring->enter(admission)) return expect(damaged, "an undamaged ring is let in");
    const std::uint64_t first = ring->sender().sent + 1;
    int rounds = 0;
    while (!ring->drain(admission)) expect(++rounds < 10, "draining comes to an end");
    const std::uint64_t sent = ring->sender().sent;

    std::vector<fuzz::BatchEntry> entries;
    fuzz::stamped(admission.close_batch(), entries);
    std::uint64_t accepted = 0, told = 0, last = first - 1;
    for (const auto& entry : entries) {
        if (entry.envelope.kind == journal::Kind::refused) {
            for (const std::uint64_t count : fuzz::refused_run(entry).by_reason) told += count;
        } else if (entry.envelope.kind == journal::Kind::torn) {
            const auto run = journal::parse_torn_run(entry.payload);
            expect(run && run->first <= run->last && run->first > last, "a torn run lies behind what came before it");
            told += run->last - run->first + 1;
            last = run->last;
        } else if (entry.envelope.kind == journal::Kind::request || entry.envelope.kind == journal::Kind::metric) {
            expect(entry.envelope.number > last, "numbers go up");
            last = entry.envelope.number;
            const auto was = made.published.find(last);
            expect(damaged || (was != made.published.end() && was->second == entry.payload),
                   "what comes was published");
            ++accepted;
        }
    }
    expect(accepted + told == sent + 1 - first, "each number reserved is accounted for");
    if (!damaged) expect(first == made.first && sent + 1 == made.end, "all of the ring is drained");
}

}  // namespace

FUZZ_TARGET(ring) {
    fuzz::Source source(input);
    MadeRing made(source);
    const std::size_t damages = source.below(6);
    for (std::size_t each = 0; each < damages; ++each) {
        const std::size_t at = source.below(made.bytes.size());
        made.bytes[at] ^= static_cast<std::byte>(source.number<std::uint8_t>());
    }
    if (source.below(8) == 7) made.bytes.resize(source.below(made.bytes.size()));
    write_file(made.bytes);
    check(made, damages > 0 || made.bytes.size() != file_bytes);
}
