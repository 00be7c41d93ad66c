// The proofs that are made for every case.
#include <algorithm>
#include <sstream>

#include "tests/faults/world.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/request_log.h"

namespace outrigger::faults {
namespace {

constexpr long most_resident_kib = 96 * 1024;
constexpr std::size_t most_files = 128;
// Of record(), on a machine that does much else; beside its own the load sees what an idle loop feels of that.
constexpr std::uint64_t late_ns = 100'000;         // of 999 in 1,000: pages of the ring are touched for the first time
constexpr std::uint64_t one_may_wait = 5'000;      // of so many: for the map of the process, while a thread is made
constexpr std::uint64_t one_may_be_late = 20'000;  // of so many, by a millisecond

double dropped(const peers::Scrape& scrape, const char* sink) {
    return scrape.sum("outrigger_sink_dropped_events_total", {{"sink", sink}});
}

}  // namespace

// P1 to P4: each accepted event is one row, as it was sent, or is counted where a user would look.
void World::prove_rows(Drops drops) {
    const Losses losses(postgres);
    const auto rows =
        postgres.query("select endpoint, message, agent, position from request_log where endpoint like '/load/%'");
    const auto verdict = judge_.judge(rows, mixed_, losses);
    const std::size_t before = problems_.size();
    const peers::Balance books = peers::balance(postgres);
    const auto lost = static_cast<std::uint64_t>(books.dropped + books.dead_letters);
    // All that the load and the others sent is in the books, whatever became of it; what was recorded as its process
    // was killed the judge may not have heard of.
    const std::uint64_t sent = judge_.accepted() + others_;
    const auto accepted = static_cast<std::uint64_t>(books.accepted);
    const std::uint64_t unheard = accepted - std::min(sent, accepted);
    if (!rings_lost && !acknowledged_lost)
        expect(accepted >= sent,
               "P1: " + std::to_string(accepted) + " are in the books, and " + std::to_string(sent) + " were accepted");
    if (kills_ == 0 && !others_unknown_)
        expect(accepted <= sent, "P3: " + std::to_string(accepted) + " are in the books, and only " +
                                     std::to_string(sent) + " were accepted");
    const auto expired = static_cast<std::uint64_t>(books.expired);
    std::uint64_t gone = 0;  // with the power, and no number tells
    if (rings_lost) fired("events that were not acknowledged yet", gone = verdict.missing - verdict.promised);
    if (acknowledged_lost) fired("events that the kernel had not written", gone = verdict.missing);
    expect(verdict.missing - gone <= lost + expired,
           "P1: " + std::to_string(verdict.missing - gone) + " accepted and neither stored nor dropped");
    expect(lost + expired <= verdict.missing + unheard + others_, "P1: more is counted as dropped than is missing");
    expect(drops == Drops::counted || verdict.missing - gone + lost + expired == 0,
           "P1: " + std::to_string(lost) + " dropped, and none may be");
    expect(rings_lost || acknowledged_lost || expired > 0 || verdict.unexplained == 0,
           "P1: " + std::to_string(verdict.unexplained) + " are missing where nothing was dropped");
    expect(losses.contradictions() == 0, "P2: " + std::to_string(losses.contradictions()) +
                                             " stored and dropped as well, such as " + losses.example());
    expect(verdict.twice == 0 && books.duplicates == 0, "P2: " + std::to_string(verdict.twice) + " stored twice");
    expect(verdict.unknown == 0, "P3: " + std::to_string(verdict.unknown) + " rows that nobody sent so");
    expect(books.difference == 0, "P4: the balance is off by " + std::to_string(books.difference));
    if (problems_.size() > before)
        for (const auto& one : verdict.some) problems_.push_back("  " + one);
    const auto scrape = agent.scrape();
    // What the power takes of the checkpoint the ledger gives back, but for what it had lost by then.
    expect(acknowledged_lost || dropped(scrape, "rows") == static_cast<double>(lost),
           "P4: the scrape and outrigger_drops differ");
    if (!damaged_counts)
        expect(scrape.sum("http_requests_total") == static_cast<double>(books.accepted),
               "P4: the scrape counts other requests than the ledger");
    summary_ = std::to_string(books.accepted) + " events, " + std::to_string(lost) + " dropped" +
               (expired > 0 ? ", " + std::to_string(expired) + " expired" : "");
}

// P6, P8, P9: bounded, the other sinks balance, nothing said that should not be.
void World::prove_agent() {
    const auto scrape = agent.scrape();
    for (const auto& problem : peers::book_problems(scrape)) problems_.push_back("P8: " + problem);
    if (watch_ && !damaged_counts)
        for (const auto& problem : watch_->problems())
            if (!is_expected(problem)) problems_.push_back("P8: " + problem);
    if (!peers::sanitized())
        expect(agent.resident_kib() <= most_resident_kib,
               "P6: " + std::to_string(agent.resident_kib()) + " KiB resident");
    expect(scrape.sum("process_open_fds") <= most_files, "P6: too many open files");
    const std::string log = agent.log();
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    const auto lines = static_cast<double>(std::ranges::count(log, '\n'));
    expect(lines <= 40 + 10 * seconds, "P6: " + std::to_string(static_cast<int>(lines)) + " lines in the log");
    expect(log.find("hunter2") == std::string::npos, "P9: a password in the log");
    if (!damaged_counts) prove_statsd(scrape);
    if (traces_ && !damaged_counts && !rings_lost) prove_traces(scrape);
}

// Traces are told at least once, or dropped with their number.
void World::prove_traces(const peers::Scrape& scrape) {
    const auto dropped_events = static_cast<std::uint64_t>(dropped(scrape, "traces"));
    const auto seen = traces_->seen();
    const auto taken = static_cast<std::uint64_t>(
        std::ranges::count_if(seen.accepted, [](const auto& one) { return one.first.starts_with("/load/"); }));
    expect(taken + dropped_events >= judge_.accepted(), "P1: traces: " + std::to_string(taken) + " taken and " +
                                                            std::to_string(dropped_events) + " dropped of " +
                                                            std::to_string(judge_.accepted()));
    expect(seen.all_decodable, "P3: traces: a payload cannot be read");
    summary_ += ", " + std::to_string(taken) + " traces";
}

// StatsD is told at most once: what it has heard was handed to it, or is counted as cut short by a kill.
void World::prove_statsd(const peers::Scrape& scrape) {
    const double handed = scrape.sum("outrigger_sink_delivered_events_total", {{"sink", "statsd"}});
    const double cut_short =
        scrape.sum("outrigger_sink_dropped_events_total", {{"sink", "statsd"}, {"reason", "restart"}});
    const auto received = [&] { return statsd_->sum("request_count"); };
    const bool all = peers::eventually(5s, [&] { return statsd_left_ || received() >= handed; });
    expect(all && received() <= handed + cut_short,
           "P2: StatsD has heard of " + std::to_string(received()) + ", and was handed " + std::to_string(handed));
}

// Of what a watch has seen.
bool World::is_expected(const std::string& problem) const {
    // Where the ledger says that the rows were, or the traces are sent again.
    for (const char* sink : {"rows", "traces"})
        if (power_lost &&
            problem.starts_with(std::string("outrigger_sink_delivered_events_total{sink=\"") + sink + "\""))
            return true;
    return !sink_that_goes.empty() && problem.find("sink=\"" + sink_that_goes + "\"") != std::string::npos &&
           problem.ends_with("has vanished");
}

// P5: the request path felt nothing. What the kernel counts tells whether record() waited, whatever else the machine
// does; who had no processor meanwhile is not asked how long it took, and what takes processors unseen (the hypervisor,
// interrupts) a loop beside it that only reads the clock feels as well.
void World::prove_emitters() {
    const Times times = judge_.times();
    expect(times.told > 0, "P5: nobody says how long record() took");
    if (!peers::sanitized()) {
        expect(times.waited <= 1 + times.told / one_may_wait,
               "P5: record() waited " + std::to_string(times.waited) + " times");
        expect(times.record.late_ns <= late_ns + 4 * times.idle.late_ns,
               "P5: record() took " + std::to_string(times.record.late_ns) + " ns, and nothing " +
                   std::to_string(times.idle.late_ns));
        expect(times.record.beyond_1_ms <= 1 + 2 * times.idle.beyond_1_ms + times.told / one_may_be_late,
               "P5: record() took a millisecond " + std::to_string(times.record.beyond_1_ms) + " times");
    }
    const double counted = agent.scrape().sum("outrigger_emitter_dropped_events_total");
    const auto heard = static_cast<double>(judge_.dropped());
    expect(damaged_counts || counted >= heard, "P4: emitters dropped more than is counted");
    expect(damaged_counts || others_drop || kills_ > 0 || counted == heard,
           "P4: emitters dropped less than is counted");
    summary_ += ", " + std::to_string(judge_.dropped()) + " not taken; record() p50 " +
                std::to_string(times.record.median_ns) + " ns, p99.9 " + std::to_string(times.record.late_ns) +
                " ns beside " + std::to_string(times.idle.late_ns) + " ns, " +
                std::to_string(times.record.beyond_1_ms) + " beyond 1 ms beside " +
                std::to_string(times.idle.beyond_1_ms) + ", waited " + std::to_string(times.waited) + " of " +
                std::to_string(times.told);
}

// P7: a new event arrives, and the agent says that it is ready. Asked once all has settled: a sink that was down tries
// again within 5 s only, and what has waited goes first.
void World::prove_life() {
    {
        peers::LineClient client(agent.socket());
        expect(client.send("{\"path\":\"/fresh\",\"status\":200,\"duration_us\":1}\n"), "P7: the socket takes nothing");
    }
    expect(peers::eventually(
               5s, [&] { return postgres.number("select count(*) from request_log where endpoint = '/fresh'") == 1; }),
           "P7: a fresh event has not arrived within 5 s");
    expect(peers::eventually(10s, [&] { return agent.ready() == 200; }),
           "P7: not ready: " + peers::get(agent.port(), "/-/ready").body);
}

}  // namespace outrigger::faults
