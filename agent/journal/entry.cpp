#include "agent/journal/entry.h"

#include "shared/little_endian.h"

namespace outrigger::journal {
namespace {

template <std::integral T>
void put(std::vector<std::byte>& out, T value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof(T));
    store(out.data() + at, value);
}

constexpr std::size_t refusals = static_cast<std::size_t>(Refusal::count_);

}  // namespace

std::int64_t start_of(const Envelope& envelope, const RequestView& view) {
    switch (envelope.start) {
        case Start::record:
            return view.start_us.value_or(envelope.arrival_us);
        case Start::before_arrival:
            return envelope.arrival_us - view.duration_us;
        case Start::arrival:
            return envelope.arrival_us;
    }
    return envelope.arrival_us;
}

void append(std::vector<std::byte>& out, const DropTotal& payload) {
    put(out, static_cast<std::uint8_t>(payload.reason));
    put(out, payload.total);
}

void append(std::vector<std::byte>& out, const RefusedRun& payload) {
    put(out, payload.first);
    put(out, payload.last);
    for (const auto count : payload.by_reason) put(out, count);
}

void append(std::vector<std::byte>& out, const TornRun& payload) {
    put(out, payload.first);
    put(out, payload.last);
    put(out, static_cast<std::uint8_t>(payload.reason));
}

void append(std::vector<std::byte>& out, const Flush& payload) {
    put(out, static_cast<std::uint8_t>(payload.step));
    for (const auto number : {payload.id, payload.delivered, payload.unsent, payload.unsent_metrics}) put(out, number);
}

void append(std::vector<std::byte>& out, const Identity& payload) {
    put(out, payload.uid);
    append(out, Hello{payload, 1, {}});
}

std::optional<DropTotal> parse_drop_total(Bytes payload) {
    if (payload.size() != 9) return std::nullopt;
    const auto reason = load<std::uint8_t>(payload.data());
    if (reason >= static_cast<std::uint8_t>(DropReason::count_)) return std::nullopt;
    return DropTotal{static_cast<DropReason>(reason), load<std::uint64_t>(payload.data() + 1)};
}

std::optional<RefusedRun> parse_refused_run(Bytes payload) {
    if (payload.size() != 16 + 8 * refusals) return std::nullopt;
    RefusedRun run{load<std::uint64_t>(payload.data()), load<std::uint64_t>(payload.data() + 8), {}};
    for (std::size_t reason = 0; reason < refusals; ++reason)
        run.by_reason[reason] = load<std::uint64_t>(payload.data() + 16 + 8 * reason);
    return run;
}

std::optional<TornRun> parse_torn_run(Bytes payload) {
    if (payload.size() != 17) return std::nullopt;
    const auto reason = load<std::uint8_t>(payload.data() + 16);
    if (reason > static_cast<std::uint8_t>(Missing::gap)) return std::nullopt;
    return TornRun{load<std::uint64_t>(payload.data()), load<std::uint64_t>(payload.data() + 8),
                   static_cast<Missing>(reason)};
}

std::optional<Flush> parse_flush(Bytes payload) {
    if (payload.size() != 33) return std::nullopt;
    const auto step = load<std::uint8_t>(payload.data());
    if (step > static_cast<std::uint8_t>(FlushStep::off)) return std::nullopt;
    const auto number = [&](std::size_t at) { return load<std::uint64_t>(payload.data() + 1 + 8 * at); };
    return Flush{static_cast<FlushStep>(step), number(0), number(1), number(2), number(3)};
}

std::optional<Identity> parse_identity(Bytes payload) {
    if (payload.size() < 4) return std::nullopt;
    auto hello = parse_hello(payload.subspan(4));
    if (!hello) return std::nullopt;
    hello->identity.uid = load<std::uint32_t>(payload.data());
    return std::move(hello->identity);
}

}  // namespace outrigger::journal
