#include "agent/intake/orphan_ring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

namespace outrigger::intake {

namespace {

constexpr std::uint64_t window_cells = 8192;     // 512 KiB
constexpr std::uint64_t cells_at_once = 32'768;  // 2 MiB: then others have their turn

// Its owner's is a write lock: as long as that is held, there is no reading one.
bool lock(int file) {
    struct flock claim{};
    claim.l_type = F_RDLCK;
    claim.l_whence = SEEK_SET;
    return ::fcntl(file, F_OFD_SETLK, &claim) == 0;
}

bool read_all(int file, std::byte* out, std::size_t bytes, std::uint64_t offset) {
    while (bytes > 0) {
        const ssize_t count = ::pread(file, out, bytes, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        out += count;
        bytes -= static_cast<std::size_t>(count);
        offset += static_cast<std::uint64_t>(count);
    }
    return true;
}

}  // namespace

std::expected<OrphanRing, RingState> OrphanRing::open(const std::filesystem::path& path, std::uint64_t sender_id) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return std::unexpected(errno == ENOENT ? RingState::gone : RingState::corrupt);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::unexpected(RingState::corrupt);
    if (!lock(file.get())) return std::unexpected(RingState::alive);
    OrphanRing ring(std::move(file), path);
    if (!ring.read_header(sender_id)) return std::unexpected(RingState::corrupt);
    ring.hello_.identity.uid = status.st_uid;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size != ring::header_bytes + ring.cells_ * ring::cell_bytes) return std::unexpected(RingState::corrupt);
    return ring;
}

bool OrphanRing::read_header(std::uint64_t sender_id) {
    alignas(64) std::array<std::byte, ring::header_bytes> page;
    if (!read_all(file_.get(), page.data(), page.size(), 0)) return false;
    const auto* header = reinterpret_cast<const ring::Header*>(page.data());
    if (header->magic != ring::magic || header->version != 1 || header->cell_bytes != ring::cell_bytes) return false;
    cells_ = header->cells;
    if (!std::has_single_bit(cells_) || cells_ * ring::cell_bytes > ring::greatest_bytes) return false;
    if (header->hello_bytes > ring::identity_bytes || header->hello_bytes < frame_head_bytes) return false;
    auto hello = parse_hello(Bytes(header->hello).first(header->hello_bytes));
    if (!hello || header->emitter == EmitterId{}) return false;
    hello_ = std::move(*hello);
    hello_.identity.emitter = header->emitter;  // killed while it took a fresh id, its hello still has the old one
    const std::uint64_t reserved = header->reservation.load(std::memory_order_relaxed);
    cell_ = header->released_cells.load(std::memory_order_relaxed);
    first_ = header->released_number.load(std::memory_order_relaxed);
    if (first_ == 0 || first_ > limits::last_number || cell_ > limits::last_number) return false;
    end_cell_ = ring::extended(cell_, ring::low_half(reserved));
    end_number_ = ring::extended(first_, ring::high_half(reserved));
    // Each number takes a cell at least. The two words are stored one after the other, so one may lag behind: by less
    // than a ring.
    if (end_cell_ - cell_ > cells_ || end_number_ - first_ > cells_) return false;
    for (std::size_t i = 0; i < drop_totals_.size(); ++i) {
        const std::uint64_t total = header->drop_totals[i].load(std::memory_order_relaxed);
        if (total > limits::last_number)
            totals_hold_ = false;
        else
            drop_totals_[i] = total;
    }
    sender_.id = sender_id;
    return true;
}

bool OrphanRing::enter(Admission& admission) {
    if (!admission.hello(sender_, hello_.identity, first_)) return false;
    sender_.emitter->draining = true;
    return true;
}

bool OrphanRing::drain(Admission& admission) {
    if (!entered_totals_) {
        entered_totals_ = true;
        for (std::size_t i = 0; i < drop_totals_.size(); ++i)
            if (drop_totals_[i] > 0) admission.drop_total(sender_, static_cast<DropReason>(i), drop_totals_[i], false);
    }
    for (const std::uint64_t until = cell_ + cells_at_once; cell_ < end_cell_;) {
        if (!admission.has_room() || cell_ >= until) return false;
        Bytes record;
        const std::uint64_t number = published_at(cell_, record);
        if (number == 0) {
            ++cell_;
            continue;
        }
        if (number >= sender_.emitter->next) hand_in(admission, number, record);
        cell_ += ring::cells_of(record.size());
    }
    const std::uint64_t next = sender_.emitter->next;
    if (next < end_number_) admission.torn(sender_, next, end_number_ - 1);
    return true;
}

void OrphanRing::hand_in(Admission& admission, std::uint64_t number, Bytes record) {
    if (number > sender_.emitter->next) admission.torn(sender_, sender_.emitter->next, number - 1);
    const auto kind = static_cast<RecordKind>(record[4]);
    std::expected<void, Refused> taken;
    if (kind == RecordKind::request) {
        if (const auto view = RequestView::parse(record))
            admission.request(sender_, *view, record);
        else
            taken = std::unexpected(view.error());
    } else if (kind == RecordKind::metric) {
        const auto view = MetricView::parse(record);
        taken = view ? admission.metric(sender_, *view, record) : std::unexpected(view.error());
    } else {
        taken = std::unexpected(Refused{Refusal::malformed, "kind", "request or metric"});
    }
    if (!taken) admission.refuse(sender_, taken.error().reason);
}

// The number of the record published at this cell, or 0: nothing of this lap is.
std::uint64_t OrphanRing::published_at(std::uint64_t cell, Bytes& record) {
    ring::CellHead head;
    const Bytes first = window(cell, sizeof(head));
    if (first.size() < sizeof(head)) return 0;
    std::memcpy(&head, first.data(), sizeof(head));
    if (head.lap != ring::lap_of(cell, cells_)) return 0;
    if (head.length < frame_head_bytes || head.length > limits::record_bytes) return 0;
    if (cell + ring::cells_of(head.length) > end_cell_) return 0;
    if (head.number < first_ || head.number >= end_number_) return 0;
    const Bytes whole = window(cell, sizeof(head) + head.length);
    if (whole.size() < sizeof(head) + head.length) return 0;
    record = whole.subspan(sizeof(head));
    if (record_length(record.data()) != head.length) return 0;
    if (ring::checksum(head.lap, head.number, record) != head.crc) return 0;
    return head.number;
}

// Bytes of the ring from the beginning of a cell on, read in windows; none when the last cell reserved lies before
// their end.
Bytes OrphanRing::window(std::uint64_t cell, std::size_t bytes) {
    const std::uint64_t needed = (bytes + ring::cell_bytes - 1) / ring::cell_bytes;
    if (cell < window_cell_ || cell + needed > window_cell_ + window_cells_) {
        const std::uint64_t cells = std::min<std::uint64_t>(std::max(window_cells, needed), end_cell_ - cell);
        window_.resize(cells * ring::cell_bytes);
        window_cell_ = cell;
        window_cells_ = cells;
        // What cannot be read (it was cut meanwhile) is as if it had never been published.
        if (!read_round(cell, window_.size(), window_.data())) std::ranges::fill(window_, std::byte{0});
    }
    if (cell + needed > window_cell_ + window_cells_) return {};
    return Bytes(window_).subspan((cell - window_cell_) * ring::cell_bytes, bytes);
}

bool OrphanRing::read_round(std::uint64_t cell, std::size_t bytes, std::byte* out) const {
    const std::uint64_t ring_bytes = cells_ * ring::cell_bytes;
    const std::uint64_t start = ring::offset_of(cell, cells_);
    const std::size_t before_end = std::min<std::uint64_t>(bytes, ring_bytes - start);
    return read_all(file_.get(), out, before_end, ring::header_bytes + start) &&
           read_all(file_.get(), out + before_end, bytes - before_end, ring::header_bytes);
}

}  // namespace outrigger::intake
