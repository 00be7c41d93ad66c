// How the agent's CPU time an event grows: with the number of emitters (of one uid, and of four when we are root), with
// the number of label sets, with the size of an event. Whole agents, records, --durability=process. Each curve's first
// point is its yardstick. Emitters come in two ways: clients that send as fast as they are read, some 460 events at a
// time, which shows what an event costs; and the library's own, with rings and senders, that share 10,000 events a
// second, which shows what an emitter costs.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "tests/bench/kit/as_user.h"
#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/idle_reader.h"
#include "tests/bench/kit/paced_app.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/agent.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_text = 16'320;
constexpr int uids = 4;  // an agent gives one of them so much, and no more

uid_t uid_of(int i) { return static_cast<uid_t>(61'000 + i % uids); }

// A sync for each.
double batches_of(const peers::Agent& agent) { return agent.scrape().sum("outrigger_journal_sync_seconds_count"); }

using Clients = std::vector<std::unique_ptr<Client>>;

Clients connect(const peers::Agent& agent, int emitters, bool of_several) {
    Clients clients;
    for (int i = 0; i < emitters; ++i) {
        std::unique_ptr<AsUser> somebody;
        if (of_several) somebody = std::make_unique<AsUser>(uid_of(i));
        clients.push_back(std::make_unique<Client>(agent.socket(), Language::records));
    }
    return clients;
}

// Each client sends the load in turn until there were enough events.
Values offer(const peers::Agent& agent, const Clients& clients, const Load& load, std::uint64_t events) {
    const double cpu = process_seconds(agent.id()), start = wall_seconds();
    std::uint64_t sent = 0;
    while (sent < events)
        for (const auto& client : clients) sent += client->send(load, 1);
    for (const auto& client : clients) client->wait_for_acknowledgement();
    const double spent = process_seconds(agent.id()) - cpu;
    return {{"cpu_ns", spent * 1e9 / static_cast<double>(sent)},
            {"wall_per_s", static_cast<double>(sent) / (wall_seconds() - start)},
            {"byte_cpu_ns", spent * 1e9 / static_cast<double>(sent) / load.bytes_an_event()},
            {"event_bytes", load.bytes_an_event()}};
}

Values read_only(const Load& load, std::uint64_t events) {
    IdleReader reader(IdleReader::Kind::stream);
    std::uint64_t sent = 0;
    for (; sent < events; sent += load.events) reader.send(load.bytes);
    const double cpu_ns = reader.finish() * 1e9 / static_cast<double>(sent);
    return {{"cpu_ns", cpu_ns}, {"byte_cpu_ns", cpu_ns / load.bytes_an_event()}};
}

// They come, share the rate, and go.
Values share(const peers::Agent& agent, int emitters, bool of_several, std::chrono::milliseconds length) {
    constexpr int events_per_s = 10'000;
    PacedApp app(agent.socket(), of_several ? 0 : emitters);
    for (int i = 0; of_several && i < uids; ++i) {
        const AsUser somebody(uid_of(i));
        app.add(emitters / uids);
    }
    app.run(events_per_s, 300ms);
    const double batches = batches_of(agent), cpu = process_seconds(agent.id()), start = wall_seconds();
    const std::uint64_t before = app.recorded(), dropped = app.dropped();
    app.run(events_per_s, length);
    const double spent = process_seconds(agent.id()) - cpu, seconds = wall_seconds() - start;
    return {{"cpu_percent", 100 * spent / seconds},
            {"cpu_ns", spent * 1e9 / static_cast<double>(app.recorded() - before)},
            {"batches_per_s", (batches_of(agent) - batches) / seconds},
            {"dropped", static_cast<double>(app.dropped() - dropped)}};
}

class Growth {
  public:
    explicit Growth(const Size& size) : size_(size) { agent_.start(); }

    void of_emitters() {
        const Load load = make_load(Language::records, {}, 64 * 1024);
        std::vector<Contender> contenders;
        const auto add = [&](const std::string& what, int emitters, bool of_several) {
            contenders.push_back({what, [this, emitters, of_several, load] {
                                      const Clients clients = connect(agent_, emitters, of_several);
                                      return offer(agent_, clients, load, size_.of(300'000, 150'000));
                                  }});
        };
        for (const int emitters : size_.quick ? std::vector{1, 64} : std::vector{1, 4, 16, 64})
            add(std::to_string(emitters) + (emitters == 1 ? " emitter" : " emitters"), emitters, false);
        if (::getuid() == 0) add("256 emitters of 4 uids", 256, true);
        take_turns("growth", "emitters", rounds(), contenders);
    }

    void of_emitters_that_share() {
        peers::Agent agent({"--socket-mode", "0666"});
        agent.start();
        std::vector<Contender> contenders;
        const auto add = [&](const std::string& what, int emitters, bool of_several) {
            contenders.push_back({what, [this, &agent, emitters, of_several] {
                                      return share(agent, emitters, of_several, size_.of(3'000ms, 1'000ms));
                                  }});
        };
        for (const int emitters : size_.quick ? std::vector{1, 64} : std::vector{1, 5, 64})
            add(std::to_string(emitters) + (emitters == 1 ? " emitter" : " emitters"), emitters, false);
        if (::getuid() == 0 && !size_.quick) add("256 emitters of 4 uids", 256, true);
        take_turns("growth", "10,000 events a second together", size_.of(3, 2), contenders);
    }

    void of_label_sets() {
        const Clients clients = connect(agent_, 1, false);
        std::vector<Contender> contenders;
        for (const std::size_t sets : size_.quick ? std::vector<std::size_t>{10, 10'000}
                                                  : std::vector<std::size_t>{10, 100, 1'000, 10'000, 100'000}) {
            const Load load = make_load(Language::records, {.routes = sets});
            offer(agent_, clients, load, load.events);  // so that each set is known
            contenders.push_back({std::to_string(sets) + " label sets", [this, &clients, load] {
                                      return offer(agent_, clients, load, size_.of(300'000, 150'000));
                                  }});
        }
        take_turns("growth", "label sets", rounds(), contenders);
    }

    void of_sizes() {
        const Clients clients = connect(agent_, 1, false);
        std::vector<Contender> contenders;
        const Load longest = make_load(Language::records, {.message_bytes = longest_text});
        contenders.push_back({"read, do nothing, text of 16320 B", [longest] { return read_only(longest, 4'000); }});
        for (const std::size_t bytes : size_.quick
                                           ? std::vector<std::size_t>{8, longest_text}
                                           : std::vector<std::size_t>{8, 128, 512, 1'024, 4'096, longest_text}) {
            const Load load = make_load(Language::records, {.message_bytes = bytes});
            const auto events = std::min<std::uint64_t>(300'000, (std::uint64_t{64} << 20) / bytes);
            contenders.push_back({"text of " + std::to_string(bytes) + " B",
                                  [this, &clients, load, events] { return offer(agent_, clients, load, events); }});
        }
        take_turns("growth", "event size", rounds(), contenders);
    }

  private:
    int rounds() const { return size_.of(7, 3); }

    Size size_;
    peers::Agent agent_{{"--durability", "process", "--max-series", "200000", "--socket-mode", "0666"}};
};

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    Growth growth(size);
    growth.of_emitters();
    growth.of_emitters_that_share();
    growth.of_label_sets();
    growth.of_sizes();
}

}  // namespace outrigger::bench
