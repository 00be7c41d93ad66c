// A real journal in a temporary folder, written by a real writer: what intake hands over is read back from there.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/intake/intake.h"
#include "agent/journal/journal.h"
#include "agent/journal/reader.h"
#include "agent/journal/writer.h"
#include "shared/unix_socket.h"
#include "tests/unit/shared/emitter/memory_folder.h"

namespace outrigger::test {

// An entry that owns what it says.
struct KeptEntry {
    journal::Envelope envelope;
    std::string path;  // of a request
    std::string service;
    std::vector<std::byte> payload;
};

class KeptJournal {
  public:
    KeptJournal();
    ~KeptJournal();

    // An intake on `folder/agent.sock` that knows these emitters.
    void start_intake(const std::vector<intake::KnownEmitter>& known = {}, std::size_t max_connections = 64);
    void start_intake(const std::vector<intake::KnownEmitter>& known, intake::IntakeSettings settings);
    void stop_intake();
    intake::Intake& intake() { return *intake_; }
    std::string socket() const { return folder_ / "agent.sock"; }
    std::string rings() const { return folder_ / "agent.sock.rings"; }

    // Everything kept until there are `requests` request entries, or five seconds have passed; without identities.
    std::vector<KeptEntry> entries(std::uint64_t requests);
    std::vector<std::string> said();  // lines for the log
    int batches() const { return batches_; }
    // From now on the journal's disk does not answer, until it is let go: what is offered is neither kept nor refused.
    void hold();
    void let_go();

  private:
    MemoryFolder folder_;
    std::atomic<int> batches_ = 0;  // that the writer took
    std::mutex held_mutex_;         // held while the disk does not answer
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<UnixListener> listener_;
    std::mutex said_mutex_;  // guards said_
    std::vector<std::string> said_;
    std::mutex mutex_;  // guards intake_ against the writer's thread, which may have something for it while it is made
    std::unique_ptr<intake::Intake> intake_;
};

// A client of the socket that talks text and waits at most five seconds.
class LineClient {
  public:
    explicit LineClient(const std::string& socket);
    void send(const std::string& text);
    void send_end();        // no more from us
    std::string receive();  // the next line; empty: the agent has closed
    bool closed();
    bool hears_nothing_for(std::chrono::milliseconds time);  // and stays open

  private:
    FileDescriptor fd_;
    std::string buffer_;
};

}  // namespace outrigger::test
