// The stations between the socket and the series in this process, wired as topology does it, the StatsD sink's deltas
// among them: for benchmarks that look at the process itself. Nobody takes what StatsD would send.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "agent/fold/fold.h"
#include "agent/intake/intake.h"
#include "agent/journal/journal.h"
#include "agent/journal/writer.h"
#include "shared/unix_socket.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {

class Road {
  public:
    Road();
    ~Road();
    Road(const Road&) = delete;
    Road& operator=(const Road&) = delete;

    std::string socket() const { return folder_ / "socket"; }
    journal::Journal& journal() { return *journal_; }
    std::uint64_t flushed_events() const { return flushed_events_; }  // requests that went into lines of StatsD

  private:
    void journal_flush(const journal::Flush& flush);
    void flush_on(const std::stop_token& stopped);

    peers::TemporaryFolder folder_;
    fold::Fold fold_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<UnixListener> listener_;
    std::unique_ptr<intake::Intake> intake_;
    std::atomic<std::uint64_t> flushed_events_{0};
    std::jthread flusher_;
};

}  // namespace outrigger::bench
