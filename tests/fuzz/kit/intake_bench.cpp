#include "tests/fuzz/kit/intake_bench.h"

#include <numeric>

#include "agent/intake/languages.h"
#include "agent/journal/stamper.h"

namespace outrigger::fuzz {
namespace {

intake::KnownEmitter known_emitter() {
    intake::KnownEmitter known;
    std::iota(known.id.begin(), known.id.end(), std::uint8_t{1});
    known.uid = 1000;
    known.highest = 41;
    known.last_us = bench_now_us;
    return known;
}

// As the loop does it: what a language left is shown again, before what comes next.
void feed(intake::Languages& languages, intake::Connection& connection, intake::Admission& admission, Input piece) {
    if (connection.closing) return;
    auto bytes = std::move(connection.input);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    // Not behind any other bytes, so that a sanitizer sees a read beyond the end.
    bytes.shrink_to_fit();
    const auto consumed = languages.take(connection, admission, bytes);
    expect(consumed.bytes <= bytes.size(), "no more is taken than came");
    connection.closing = consumed.close || connection.said_bye;
    connection.input.assign(bytes.begin() + static_cast<std::ptrdiff_t>(consumed.bytes), bytes.end());
}

}  // namespace

std::uint64_t Heard::refused_in_all() const {
    return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
}

std::vector<std::byte> stamped(journal::Batch& batch, std::vector<BatchEntry>& entries) {
    journal::Stamper stamper;
    stamper.begin_segment({});
    stamper.remember(batch);
    stamper.stamp(batch, {});
    std::vector<std::byte> bytes;
    for (const iovec& part : stamper.parts(batch)) {
        const auto* from = static_cast<const std::byte*>(part.iov_base);
        bytes.insert(bytes.end(), from, from + part.iov_len);
    }
    stamper.for_each(batch, 1, [&](const journal::Entry& entry) {
        entries.push_back({entry.envelope, {entry.payload.begin(), entry.payload.end()}});
    });
    return bytes;
}

journal::RefusedRun refused_run(const BatchEntry& entry) {
    const auto run = journal::parse_refused_run(entry.payload);
    expect(run && run->first <= run->last, "a refused run can be read");
    return *run;
}

Heard hear(Input stream, const std::vector<std::size_t>& cuts) {
    intake::Counters counters;
    intake::Emitters emitters({known_emitter()});
    const auto admit = [](const MetricView& metric, std::int64_t) -> std::expected<void, Refused> {
        if (metric.name == "taken") return std::unexpected(Refused{Refusal::bad_name, "name", "another name"});
        return {};
    };
    intake::Admission admission(emitters, counters, std::chrono::days(30), admit, {});
    admission.set_now(bench_now_us);
    static intake::Languages languages;  // its buffers are large, and hold nothing from one line to the next
    intake::Connection connection(FileDescriptor(), 17, 1000);
    Heard heard;
    const auto look = [&] {
        if (heard.greeted || connection.sender.emitter == nullptr) return;
        heard.greeted = true;
    };
    for (const std::size_t cut : cuts) {
        const Input piece = stream.first(std::min(cut, stream.size()));
        stream = stream.subspan(piece.size());
        feed(languages, connection, admission, piece);
        look();
    }
    feed(languages, connection, admission, stream);
    look();
    if (!connection.closing) languages.take_rest(connection, admission, connection.input);
    look();

    heard.sent = connection.sender.sent;
    heard.first = connection.acknowledged + 1;
    heard.output = connection.output;
    heard.said_bye = connection.said_bye;
    heard.closed = connection.closing;
    heard.lines = counters.lines;
    heard.bad_language = counters.bad_language;
    heard.broken_frames = counters.broken_frames;
    for (std::size_t i = 0; i < heard.refused.size(); ++i) heard.refused[i] = counters.refused[i];
    heard.batch = stamped(admission.close_batch(), heard.entries);
    return heard;
}

std::vector<std::size_t> read_cuts(Source& source) {
    std::vector<std::size_t> cuts(source.below(9));
    for (auto& cut : cuts) {
        cut = source.number<std::uint8_t>();
        if (cut >= 192) cut = (cut - 192) * 256 + source.number<std::uint8_t>();
    }
    return cuts;
}

void expect_same(const Heard& whole, const Heard& split) {
    expect(whole.batch == split.batch, "the same batch, whole and in pieces");
    expect(whole.output == split.output, "the same answers, whole and in pieces");
    expect(whole.refused == split.refused && whole.lines == split.lines, "the same counts, whole and in pieces");
    expect(whole.bad_language == split.bad_language && whole.broken_frames == split.broken_frames,
           "the same verdict on the stream, whole and in pieces");
    expect(whole.sent == split.sent && whole.greeted == split.greeted && whole.said_bye == split.said_bye &&
               whole.closed == split.closed,
           "the same end, whole and in pieces");
}

void expect_balanced(const Heard& heard) {
    std::uint64_t accepted = 0, refused = 0, last = 0;
    for (const BatchEntry& entry : heard.entries) {
        if (entry.envelope.kind == journal::Kind::identity) continue;
        expect(entry.envelope.arrival_us == bench_now_us, "an entry has its arrival");
        if (entry.envelope.kind == journal::Kind::request)
            expect(RequestView::parse(entry.payload).has_value(), "a journaled request can be read");
        if (entry.envelope.kind == journal::Kind::metric)
            expect(MetricView::parse(entry.payload).has_value(), "a journaled metric can be read");
        if (entry.envelope.kind == journal::Kind::refused) {
            const auto run = refused_run(entry);
            expect(run.first >= heard.first && run.last <= heard.sent, "a refused run lies within what was sent");
            refused += std::accumulate(run.by_reason.begin(), run.by_reason.end(), std::uint64_t{0});
        } else if (entry.envelope.kind != journal::Kind::torn) {
            const bool numbered = entry.envelope.number != 0;
            expect(numbered || !heard.greeted || entry.envelope.kind == journal::Kind::drop_total,
                   "after a hello, what is accepted has a number");
            if (numbered) expect(entry.envelope.number > last, "numbers go up");
            if (numbered) last = entry.envelope.number;
            if (numbered || !heard.greeted) ++accepted;
        }
    }
    if (heard.greeted) expect(accepted + refused == heard.sent + 1 - heard.first, "each number is accepted or refused");
    // A frame may end the stream instead of being refused.
    const std::uint64_t known =
        accepted + refused + heard.refused_in_all() + (heard.greeted ? 1 : 0) + (heard.said_bye ? 1 : 0);
    expect(known <= heard.lines, "nothing is counted that did not come");
}

}  // namespace outrigger::fuzz
