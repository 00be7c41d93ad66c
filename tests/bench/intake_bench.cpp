// What it costs the agent, as a whole process, to take an event: over its socket, decoded, journaled, folded,
// acknowledged; as records and as JSON lines, with both durabilities. Beside it a process that reads the same bytes and
// does nothing. Their own CPU time counts, not the client's.
#include <memory>

#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/idle_reader.h"
#include "tests/bench/kit/load.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/agent.h"

namespace outrigger::bench {
namespace {

Values values_of(double cpu_seconds, double seconds, std::uint64_t events, const Load& load) {
    const auto count = static_cast<double>(events);
    return {{"cpu_ns", cpu_seconds * 1e9 / count},
            {"one_core_per_s", count / cpu_seconds},
            {"wall_per_s", count / seconds},
            {"event_bytes", load.bytes_an_event()}};
}

Values offer_to_agent(const peers::Agent& agent, Language language, const Load& load, std::uint64_t events) {
    Client client(agent.socket(), language);
    const double cpu = process_seconds(agent.id()), start = wall_seconds();
    const std::uint64_t sent = client.send(load, events);
    client.wait_for_acknowledgement();
    return values_of(process_seconds(agent.id()) - cpu, wall_seconds() - start, sent, load);
}

Values offer_to_reader(const Load& load, std::uint64_t events) {
    IdleReader reader(IdleReader::Kind::stream);
    const double start = wall_seconds();
    std::uint64_t sent = 0;
    for (; sent < events; sent += load.events) reader.send(load.bytes);
    const double cpu = reader.finish();
    return values_of(cpu, wall_seconds() - start, sent, load);
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    peers::Agent process({"--durability", "process"});
    peers::Agent fsync({"--durability", "fsync"});
    process.start();
    fsync.start();
    for (const Language language : {Language::records, Language::lines}) {
        const Load load = make_load(language);
        const std::uint64_t events = size.of(500'000, 200'000);
        take_turns("intake", language == Language::records ? "records" : "JSON lines", size.of(11, 5),
                   {{"read, do nothing", [&] { return offer_to_reader(load, events); }},
                    {"agent, process", [&] { return offer_to_agent(process, language, load, events); }},
                    {"agent, fsync", [&] { return offer_to_agent(fsync, language, load, events); }}});
    }
    if (process.stop() != 0 || fsync.stop() != 0) throw std::runtime_error("an agent did not end well");
}

}  // namespace outrigger::bench
