// What stands where, inside Topology: the stations in the order of life. topology.cpp lists, builds and stops them;
// hooks.cpp says what each is told of the others. Made and stopped on the main thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/books/accounts.h"
#include "agent/books/book.h"
#include "agent/fold/checkpointer.h"
#include "agent/fold/fold.h"
#include "agent/fold/metric_names.h"
#include "agent/http/door.h"
#include "agent/intake/intake.h"
#include "agent/journal/journal.h"
#include "agent/journal/writer.h"
#include "agent/sampling/rates.h"
#include "agent/sinks/sink.h"
#include "agent/sinks/statsd/statsd.h"
#include "agent/topology/places.h"
#include "agent/topology/reports.h"
#include "agent/topology/start.h"
#include "agent/topology/topology.h"

namespace outrigger {

class Topology::Stations {
  public:
    Stations(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective);
    void stop();

  private:
    static void say(std::string_view line);  // one line of the log, by any station
    std::vector<sinks::SinkStation> sink_stations();
    void open_books(const fold::Checkpoint& checkpoint, const std::vector<sinks::SinkStation>& stations);
    void open_journal(const fold::Checkpoint& checkpoint);
    void start_sinks(const std::vector<sinks::SinkStation>& stations, const topology::Start& start);
    void start_statsd();
    void journal_flush(const journal::Flush& flush);
    fold::Checkpointer::Parts checkpointer_parts();
    journal::WriterHooks writer_hooks();
    intake::IntakeHooks intake_hooks();

    // In the order of life; each is stopped before what stands above it.
    const settings::Settings settings_;
    const std::vector<settings::EffectiveSetting> effective_;
    // What another program may hold, before anything is read or written.
    journal::File data_lock_;
    UnixListener listener_;
    http::Listener http_listener_;
    const journal::JournalSettings journal_settings_;
    std::unique_ptr<journal::Journal> journal_;
    std::optional<fold::Fold> fold_;
    books::Book book_;
    std::optional<books::Accounts> accounts_;
    std::optional<fold::Checkpointer> checkpointer_;
    std::optional<fold::MetricNames> metric_names_;
    sampling::RatesBoard rates_;                                               // from the trace sink to intake
    std::vector<std::pair<std::string, std::unique_ptr<sinks::Sink>>> sinks_;  // those that are on
    books::Tally statsd_tally_;
    std::optional<journal::Writer> writer_;
    std::optional<statsd::StatsdSink> statsd_;
    std::atomic<std::uint64_t> bytes_kept_{0};
    std::atomic<std::int64_t> batch_offered_us_{0};  // a batch waits to be kept since then; 0: none does
    std::optional<intake::Intake> intake_;
    std::optional<topology::Reports> reports_;
    std::optional<http::Door> door_;
};

}  // namespace outrigger
