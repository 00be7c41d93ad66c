// Three lives of an agent on one disk: batches, rotations, checkpoints, retention, a sink that follows. Each single
// call of the disk fails once, in turn: nothing acknowledged is lost, nothing comes twice, and the agent goes on.
#include <doctest/doctest.h>

#include <climits>
#include <set>
#include <sstream>

#include "agent/fold/checkpoint_files.h"
#include "agent/topology/start.h"
#include "tests/unit/agent/journal/platter_disk.h"

namespace outrigger::journal {
namespace {

constexpr std::uint64_t each = 10;  // requests of a batch
constexpr int batches = 12;         // of a life: two rotations

struct Killed {};

// What outlives an agent.
struct World {
    TestFolder folder;
    std::filesystem::path data = folder.path() / "data";
    std::filesystem::path runtime = folder.path() / "run";
    std::shared_ptr<PlatterDisk> disk = std::make_shared<PlatterDisk>();
    JournalSettings settings = with_disk();

    std::set<std::uint64_t> acknowledged;
    std::set<std::uint64_t> durable;  // of these, while the journal said that it is
    std::set<std::uint64_t> stored;   // in the sink's store
    std::uint64_t sink_position = 0;
    std::uint64_t lost = 0;

    void kill_at(int call) const {
        disk->failing_call = call;
        disk->failing_calls = INT_MAX;
        disk->call_code = EACCES;  // which is not asked about again
    }
    bool killed() const { return disk->failing_calls == INT_MAX && disk->calls >= disk->failing_call; }

    JournalSettings with_disk() const {
        auto made = folder.settings();
        made.disk = disk;
        return made;
    }
};

class Life {
  public:
    explicit Life(World& world) : world_(world), files_(world.data, world.runtime / "journal", world.disk) {
        checkpoint_ = files_.load();
        std::istringstream kept(checkpoint_.facts["numbers"]);
        for (std::uint64_t number = 0; kept >> number;) known_.insert(number);
        journal_ = *Journal::open(world.settings, checkpoint_.fold.position, world.sink_position);
        read(*journal_->read_from(checkpoint_.fold.position), known_);
        const auto start =
            topology::find_start(journal_->mark(), checkpoint_.fold.position, checkpoint_.fold.counters.requests, {});
        sink_ = journal_->read_from(world.sink_position);
        spare_.emplace(journal_->state());
        writer_.emplace(*journal_, start.position, start.before);
        writer_->segments().use(*spare_);
    }

    const std::set<std::uint64_t>& known() const { return known_; }

    // Throws Killed.
    void run() {
        for (int batch = 1; batch <= batches; ++batch) {
            keep();
            spare_->make();
            if (batch % 4 == 0 && batch < batches) write_checkpoint();
            if (batch % 4 == 3) follow();  // so that both have something to do at the next start
        }
    }

    void follow() {
        read(*sink_, world_.stored);
        world_.sink_position = sink_->position();
        sink_->release(sink_->position());
    }

  private:
    // An emitter goes on behind what the agent knows of it.
    void keep() {
        const std::uint64_t first = known_.empty() ? 1 : *known_.rbegin() + 1;
        int attempts = 0;
        while (!writer_->keep_requests(first, first + each - 1, 200)) {
            if (world_.killed()) throw Killed();
            REQUIRE(++attempts < 5);
            writer_->now += std::chrono::seconds(6);
        }
        writer_->now += std::chrono::seconds(6);
        for (std::uint64_t number = first; number < first + each; ++number) {
            REQUIRE(known_.insert(number).second);
            world_.acknowledged.insert(number);
            if (journal_->status().durable) world_.durable.insert(number);
        }
    }

    void write_checkpoint() {
        checkpoint_.fold.position = journal_->mark().position;
        checkpoint_.fold.counters.requests = requests(journal_->mark().counts);
        std::string numbers;
        for (const auto number : known_) numbers += std::to_string(number) + " ";
        checkpoint_.facts["numbers"] = numbers;
        const auto saved = files_.save(checkpoint_);
        if (saved) journal_->checkpointed(checkpoint_.fold.position, *saved);
        journal_->apply_retention(std::chrono::system_clock::now() + std::chrono::hours(1));
    }

    void read(Reader& reader, std::set<std::uint64_t>& into) {
        for (int retries = 0; retries < 100;) {
            const Step& step = reader.next();
            if (step.what == Step::What::end) return;
            if (step.what == Step::What::retry) ++retries;
            if (step.what == Step::What::lost) world_.lost += step.last - step.first + 1;
            if (step.what != Step::What::entry || step.entry.envelope.kind != Kind::request) continue;
            REQUIRE(into.insert(step.entry.envelope.number).second);  // nothing twice
        }
        FAIL("the disk is asked for ever");
    }

    World& world_;
    fold::CheckpointFiles files_;
    fold::Checkpoint checkpoint_;
    std::unique_ptr<Journal> journal_;
    std::set<std::uint64_t> known_;
    std::unique_ptr<Reader> sink_;
    std::optional<SpareSegment> spare_;
    std::optional<DirectWriter> writer_;
};

}  // namespace

TEST_CASE("each single call of the disk fails once: nothing acknowledged is lost, nothing comes twice") {
    std::map<std::string, int> failed;
    struct Way {
        int calls;         // that fail, one after the other
        bool cut_at_once;  // power fails at the end of that life, not of the last
    };
    for (const auto& [calls, cut_at_once] : {Way{1, false}, Way{1, true}, Way{3, true}}) {
        for (int failing = 1;; ++failing) {
            World world;
            world.disk->failing_call = failing;
            world.disk->failing_calls = calls;
            CAPTURE(failing);
            CAPTURE(calls);
            const auto fired = [&] { return world.disk->calls >= failing; };
            for (int life = 0; life < 3 && !(cut_at_once && fired()); ++life) {
                Life agent(world);
                CAPTURE(life);
                CAPTURE(world.disk->failed_call);
                REQUIRE(agent.known() == world.acknowledged);
                agent.run();
                if (life < 2) continue;
                agent.follow();
                REQUIRE(world.stored == world.acknowledged);
            }
            REQUIRE(world.lost == 0);
            if (!fired()) break;
            ++failed[world.disk->failed_call];

            // A power loss takes what was never synced, and all of the runtime directory.
            world.disk->failing_call = 0;
            world.disk->power_cut(world.data);
            std::filesystem::remove_all(world.runtime);
            const Life after(world);
            REQUIRE(std::ranges::includes(after.known(), world.durable));
            REQUIRE(std::ranges::includes(world.acknowledged, after.known()));
        }
    }
    for (const auto* call : {"open", "open_to_write", "create", "allocate", "write", "read", "sync", "sync_folder",
                             "cut", "rename", "replace", "remove", "size", "has_name", "list", "make_folder"}) {
        CAPTURE(call);
        CHECK(failed[call] > 1);
    }
}

TEST_CASE(
    "killed at each single call, by itself or with the power: what was acknowledged is there, and nothing twice") {
    std::mt19937 random(5);
    for (const bool power : {false, true}) {
        CAPTURE(power);
        bool fired = true;
        for (int call = 1; fired; ++call) {
            CAPTURE(call);
            World world;
            world.kill_at(call);
            int lives = 0;
            try {
                while (lives < 2) {
                    Life agent(world);
                    if (!world.killed()) REQUIRE(agent.known() == world.acknowledged);
                    agent.run();
                    ++lives;
                }
            } catch (const Killed&) {
            }
            fired = world.killed();
            CAPTURE(lives);
            CAPTURE(world.disk->failed_call);
            world.disk->failing_call = world.disk->failing_calls = 0;
            if (power) {
                std::filesystem::create_directories(world.data);
                world.disk->power_cut(world.data, &random);
                std::filesystem::remove_all(world.runtime);
            }
            const auto& kept = power ? world.durable : world.acknowledged;
            {
                Life after(world);
                REQUIRE(std::ranges::includes(after.known(), kept));
                world.acknowledged = after.known();  // with what was written and not acknowledged
                world.stored.clear();
                world.sink_position = 0;
                world.lost = 0;
                after.run();
            }
            const Life last(world);
            REQUIRE(last.known() == world.acknowledged);
        }
    }
}

}  // namespace outrigger::journal
