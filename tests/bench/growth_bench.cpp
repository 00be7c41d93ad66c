// How the agent's CPU time an event grows: with the number of emitters (of one uid, and of four when we are root), with
// the number of label sets, with the size of an event. Whole agents, records, --durability=process. Each curve's first
// point is its yardstick.
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/agent.h"

namespace outrigger::bench {
namespace {

// Whom the agent takes us for as long as this lives.
class As {
  public:
    explicit As(uid_t user) { change(user); }
    ~As() {
        if (::seteuid(::getuid()) != 0) std::abort();
    }
    As(const As&) = delete;
    As& operator=(const As&) = delete;

  private:
    static void change(uid_t user) {
        if (::seteuid(user) != 0) throw std::runtime_error("cannot become uid " + std::to_string(user));
    }
};

using Clients = std::vector<std::unique_ptr<Client>>;

Clients connect(const peers::Agent& agent, int emitters, int uids) {
    Clients clients;
    for (int i = 0; i < emitters; ++i) {
        std::unique_ptr<As> somebody;
        if (uids > 1) somebody = std::make_unique<As>(static_cast<uid_t>(61'000 + i % uids));
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
            {"event_bytes", load.bytes_an_event()}};
}

class Growth {
  public:
    explicit Growth(const Size& size) : size_(size) { agent_.start(); }

    void of_emitters() {
        const Load load = make_load(Language::records, {}, 64 * 1024);
        std::vector<Contender> contenders;
        const auto add = [&](const std::string& what, int emitters, int uids) {
            contenders.push_back({what, [this, emitters, uids, load] {
                                      const Clients clients = connect(agent_, emitters, uids);
                                      return offer(agent_, clients, load, size_.of(300'000, 150'000));
                                  }});
        };
        for (const int emitters : size_.quick ? std::vector{1, 64} : std::vector{1, 4, 16, 64})
            add(std::to_string(emitters) + (emitters == 1 ? " emitter" : " emitters"), emitters, 1);
        if (::getuid() == 0) add("256 emitters of 4 uids", 256, 4);
        take_turns("growth", "emitters", rounds(), contenders);
    }

    void of_label_sets() {
        const Clients clients = connect(agent_, 1, 1);
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
        const Clients clients = connect(agent_, 1, 1);
        std::vector<Contender> contenders;
        for (const std::size_t bytes : size_.quick ? std::vector<std::size_t>{8, 1'024}
                                                   : std::vector<std::size_t>{8, 128, 512, 1'024, 4'096, 16'320}) {
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
    peers::Agent agent_{
        {"--durability", "process", "--journal-size", "256MiB", "--max-series", "200000", "--socket-mode", "0666"}};
};

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    Growth growth(size);
    growth.of_emitters();
    growth.of_label_sets();
    growth.of_sizes();
}

}  // namespace outrigger::bench
