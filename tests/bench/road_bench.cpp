// The stations between the socket and the series, in this process: how many times an event is the cause of an
// allocation on its way, into the lines of StatsD, and on from the journal into the tuples of a COPY and the chunks of
// a traces payload. The first events, which make series, buffers and segments, are not counted.
#include <chrono>
#include <functional>
#include <thread>

#include "agent/journal/reader.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/traces/chunk.h"
#include "tests/bench/kit/allocations.h"
#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/road.h"
#include "tests/bench/kit/rounds.h"

namespace outrigger::bench {
namespace {

Values allocations(std::uint64_t counted, std::uint64_t events) {
    return {{"allocations_an_event", static_cast<double>(counted) / static_cast<double>(events)},
            {"events", static_cast<double>(events)}};
}

constexpr std::uint64_t few = 60'000, many = 200'000;  // that come first, and are not counted

Values on_the_road(Road& road, Language language, std::uint64_t first, std::uint64_t events) {
    const Load load = make_load(language, {}, 64UL * 1024);  // little, so that there are hardly more than were wanted
    Client client(road.socket(), language);
    client.send(load, first);
    client.wait_for_acknowledgement();
    const std::uint64_t flushed = road.flushed_events();
    const Allocations counter;
    const std::uint64_t sent = client.send(load, events);
    client.wait_for_acknowledgement();
    while (road.flushed_events() - flushed < sent) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return allocations(counter.so_far(), sent);
}

using Append = std::function<void(std::vector<char>&, const journal::Entry&)>;

Values from_journal(Road& road, std::uint64_t events, const Append& append) {
    const auto reader = road.journal().read_from(0);
    std::vector<char> made;
    made.reserve(2 << 20);
    const auto take = [&](std::uint64_t count) {
        for (std::uint64_t taken = 0; taken < count;) {
            const journal::Entry& entry = reader->next().entry;
            if (entry.envelope.kind != journal::Kind::request) continue;
            append(made, entry);
            ++taken;
            if (made.size() > (1 << 20)) made.clear();
        }
    };
    take(10'000);
    const Allocations counter;
    const double cpu = thread_seconds();
    take(events);
    auto values = allocations(counter.by_this_thread(), events);
    values.emplace_back("cpu_ns", (thread_seconds() - cpu) * 1e9 / static_cast<double>(events));
    return values;
}

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    const auto tuple = [](std::vector<char>& out, const journal::Entry& entry) {
        rows::append_row(out, entry, {1, "", "", ""});
    };
    const auto chunk = [](std::vector<char>& out, const journal::Entry& entry) {
        traces::append_chunk(out, entry, {1, "", "", ""});
    };
    Road road;
    if (arguments.size() == 3 && arguments[0] == "only") {
        const std::string& station = arguments[1];
        const std::uint64_t wanted = std::stoul(arguments[2]);
        const bool from_lines = station == "lines", behind_journal = station == "tuples" || station == "chunks";
        on_the_road(road, from_lines ? Language::lines : Language::records, few, behind_journal ? 0 : wanted);
        if (behind_journal) from_journal(road, wanted, station == "tuples" ? Append(tuple) : Append(chunk));
        return;
    }
    const std::uint64_t events = size.of(1'000'000, 200'000);
    report("road", "allocations", "records, to the series and StatsD", 0,
           on_the_road(road, Language::records, many, events));
    report("road", "allocations", "JSON lines, to the series and StatsD", 0,
           on_the_road(road, Language::lines, many, events));
    report("road", "allocations", "journal, to tuples", 0, from_journal(road, 100'000, tuple));
    report("road", "allocations", "journal, to chunks", 0, from_journal(road, 100'000, chunk));
}

}  // namespace outrigger::bench
