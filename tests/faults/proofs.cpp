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
constexpr std::uint64_t slowest_record_ns = 1'000'000;  // of 999 in 1,000, on a machine that does much else

double dropped(const peers::Scrape& scrape, const char* sink) {
    return scrape.sum("outrigger_sink_dropped_events_total", {{"sink", sink}});
}

}  // namespace

// P1 to P4: each accepted event is one row, as it was sent, or is counted where a user would look.
void World::prove_rows(Drops drops) {
    const auto rows = postgres.query("select endpoint, message from request_log where endpoint like '/load/%'");
    const auto verdict = judge_.judge(rows, mixed_);
    const std::size_t before = problems_.size();
    const peers::Balance books = peers::balance(postgres);
    const auto lost = static_cast<std::uint64_t>(books.dropped + books.dead_letters);
    // What was recorded as its process was killed the judge may not have heard of.
    const auto unheard = static_cast<std::uint64_t>(books.accepted) -
                         std::min(judge_.accepted(), static_cast<std::uint64_t>(books.accepted));
    const auto expired = static_cast<std::uint64_t>(books.expired);
    const auto gone = rings_lost ? verdict.missing - verdict.promised : 0;  // never acknowledged
    if (rings_lost) fired("events that were not acknowledged yet", gone);
    expect(verdict.missing - gone <= lost + expired,
           "P1: " + std::to_string(verdict.missing - gone) + " accepted and neither stored nor dropped");
    expect(lost + expired <= verdict.missing + unheard, "P1: more is counted as dropped than is missing");
    expect(drops == Drops::counted || verdict.missing - gone + lost + expired == 0,
           "P1: " + std::to_string(lost) + " dropped, and none may be");
    expect(verdict.twice == 0 && books.duplicates == 0, "P2: " + std::to_string(verdict.twice) + " stored twice");
    expect(verdict.unknown == 0, "P3: " + std::to_string(verdict.unknown) + " rows that nobody sent so");
    expect(books.difference == 0, "P4: the balance is off by " + std::to_string(books.difference));
    if (problems_.size() > before)
        for (const auto& one : verdict.some) problems_.push_back("  " + one);
    const auto scrape = agent.scrape();
    expect(dropped(scrape, "rows") == static_cast<double>(lost), "P4: the scrape and outrigger_drops differ");
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
}

// Of what a watch has seen.
bool World::is_expected(const std::string& problem) const {
    if (power_lost && problem.starts_with("outrigger_sink_delivered_events_total{sink=\"rows\"")) return true;
    return !sink_that_goes.empty() && problem.find("sink=\"" + sink_that_goes + "\"") != std::string::npos &&
           problem.ends_with("has vanished");
}

// P5: the request path felt nothing.
void World::prove_emitters() {
    std::istringstream said(peers::read_whole(folder_ / "load.out"));
    std::uint64_t median = 0, late = 0, latest = 0, worst_median = 0;
    while (said >> median >> late >> latest) {
        worst_median = std::max(worst_median, median);
        slowest_ns_ = std::max(slowest_ns_, late);
    }
    expect(peers::sanitized() || slowest_ns_ <= slowest_record_ns,
           "P5: record() took " + std::to_string(slowest_ns_) + " ns");
    const double counted = agent.scrape().sum("outrigger_emitter_dropped_events_total");
    const auto heard = static_cast<double>(judge_.dropped());
    expect(damaged_counts || counted >= heard, "P4: emitters dropped more than is counted");
    expect(damaged_counts || others_drop || kills_ > 0 || counted == heard,
           "P4: emitters dropped less than is counted");
    summary_ += ", " + std::to_string(judge_.dropped()) + " not taken; record() p50 " + std::to_string(worst_median) +
                " ns, p99.9 " + std::to_string(slowest_ns_) + " ns";
}

// P7: a new event arrives, and the agent says that it is ready.
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
