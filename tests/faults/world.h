// What a case plays in: a Postgres, an agent with its sinks, processes that record, the judge. The case breaks
// something and says that it did; then the world heals, waits until all has arrived, and the proofs are made.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/judge.h"
#include "tests/faults/load_process.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/fake_trace_agent.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::faults {

using namespace std::chrono_literals;

enum class Length : std::uint8_t { once, soak };
enum class Drops : std::uint8_t { none, counted };  // whether a case may lose accepted events, with their number

// Load shapes: L1 4 threads, 2,000 events/s; L2 several processes, 1,000/s each; L3 bursts; L4 one a second; L5 all
// sizes and characters. Single: L1 as four processes of one thread, which tell what was acknowledged, too.
enum class Shape : std::uint8_t { l1, l2, l3, l4, l5, single };

class World {
  public:
    World(std::uint64_t seed, Length length);
    ~World();

    std::mt19937_64 random;
    int from(int low, int high) { return std::uniform_int_distribution(low, high)(random); }
    // How often a case does what it does: in a soak more often, where figures are to be reached.
    int times(int once, int in_a_soak) const { return length_ == Length::once ? once : in_a_soak; }
    void pause(int low_ms, int high_ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds{from(low_ms, high_ms)});
    }

    peers::PostgresCluster postgres;
    peers::Agent agent;  // not started: a case may change its flags before start()
    void set_flag(const std::string& name, const std::string& value);  // of the agent's next life
    std::vector<std::string> agent_flags(const std::string& postgres_uri) const;
    void no_traces();     // to it, of this case, in which more comes than it is to decode, or which has its own
    void statsd_goes() {  // nobody is at its address
        statsd_.reset();
        statsd_left_ = true;
    }
    void statsd_comes();
    void statsd_rests(bool on) { statsd_->rest(on); }  // its queue fills
    std::filesystem::path statsd_path() const { return folder_ / "statsd.sock"; }
    // Something of the case's own that the proofs still need.
    template <class T, class... Arguments>
    T& keep(Arguments&&... arguments) {
        auto made = std::make_shared<T>(std::forward<Arguments>(arguments)...);
        kept_.push_back(made);
        return *made;
    }

    // Agent and load, running; returns when rows arrive.
    void start(Shape shape = Shape::l1);
    void start_load(Shape shape);
    std::size_t processes() const { return load_.size(); }
    // Another one comes in its place.
    void kill_process(std::size_t which, int signal = SIGKILL);
    void end_process(std::size_t which);    // as in good order
    void renew_process(std::size_t which);  // calls exec on itself; returns when the new one has recorded
    void spawn_child(std::size_t which);    // lets it start another program, which lives for some seconds
    pid_t id_of(std::size_t which) const { return load_.at(which).process->id(); }
    void kill_load();           // all at once; nobody comes in their place
    std::size_t rings() const;  // in the rings folder
    void end_load();            // each process says what it has left, as far as it can
    bool rows_arrive(std::chrono::milliseconds deadline = 10s) const;  // more than there are now
    std::uint64_t accepted() const { return judge_.accepted(); }       // so far, of the load

    // P10: the fault happened. A case that does not say so is void.
    void fired(const std::string& what, std::uint64_t times = 1) { fired_[what] += times; }
    // What a case finds for itself.
    void expect(bool holds, const std::string& what) {
        if (!holds) problems_.push_back(what);
    }

    struct Outcome {
        std::vector<std::string> problems;
        std::string summary;
        std::map<std::string, std::uint64_t> fired;
    };
    Outcome prove(Drops drops);

    std::filesystem::path load_program;  // of the processes to come; empty: this one
    bool damaged_counts = false;     // the case may damage what a scrape says of the past; rows are judged all the same
    bool power_lost = false;         // what a cursor lost by it the ledger gives back, a moment after the start
    bool rings_lost = false;         // with the power: what was not acknowledged may be gone, without a number
    bool acknowledged_lost = false;  // and what was, too
    std::string sink_that_goes;      // is off now and then
    bool others_drop = false;        // others than the load say that they dropped something
    // Requests of others than the load that are in the journal by now; nothing: nobody knows how many.
    void others_sent(std::uint64_t requests) { others_ += requests; }
    void others_sent_some() { others_unknown_ = true; }
    // Kills the agent, which must not have ended by itself before.
    void kill_agent();
    const peers::Datagrams& statsd() const { return *statsd_; }

  private:
    struct Running {
        LoadSettings settings;
        std::unique_ptr<peers::Process> process;
    };
    void launch(LoadSettings settings);
    void end(Running& one, int signal);
    void expect_running(Running& one);
    void expect_end(Running& one, int signal);
    void replace(std::size_t which, int signal);
    void wait_for(std::size_t which);  // until it has recorded something
    bool settles();
    void prove_rows(Drops drops);
    void prove_agent();
    void prove_statsd(const peers::Scrape& scrape);
    void prove_traces(const peers::Scrape& scrape);
    bool is_expected(const std::string& problem) const;
    void prove_emitters();
    void prove_life();

    const Length length_;
    Judge judge_;
    std::unique_ptr<peers::Datagrams> statsd_;
    std::unique_ptr<peers::FakeTraceAgent> traces_;  // of every other world
    bool statsd_left_ = false;                       // what it had heard is forgotten
    std::unique_ptr<peers::ScrapeWatch> watch_;
    std::vector<Running> load_;
    peers::TemporaryFolder folder_;
    bool mixed_ = false;
    std::uint64_t others_ = 0;
    bool others_unknown_ = false;
    unsigned kills_ = 0;  // of processes of the load: what they had just recorded the judge may not have heard
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::map<std::string, std::uint64_t> fired_;
    std::vector<std::string> problems_;
    std::string summary_;
    std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace outrigger::faults
