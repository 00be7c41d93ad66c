#include "tests/faults/world.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/request_log.h"

namespace outrigger::faults {

namespace fs = std::filesystem;

World::World(std::uint64_t seed, Length length) : random(seed), length_(length) {
    statsd_comes();
    if (random() % 2 == 0) traces_ = std::make_unique<peers::FakeTraceAgent>();
    // A case may run the agent as somebody else.
    fs::permissions(folder_.path(), fs::perms{0755});
    agent.flags = agent_flags(postgres.uri("postgres", "hunter2"));
    ::fcntl(judge_.pipe(), F_SETFD, 0);  // processes of the load inherit it
}

World::~World() {
    while (!kept_.empty()) kept_.pop_back();
}

void World::statsd_comes() {
    statsd_ = std::make_unique<peers::Datagrams>(statsd_path());
    fs::permissions(statsd_path(), fs::perms{0777});
}

std::vector<std::string> World::agent_flags(const std::string& postgres_uri) const {
    std::vector<std::string> flags{"--postgres",     postgres_uri, "--statsd", "unix://" + statsd_path().string(),
                                   "--journal-size", "256MiB"};
    if (traces_) flags.insert(flags.end(), {"--traces", traces_->url()});
    return flags;
}

void World::no_traces() {
    if (!traces_) return;
    traces_.reset();
    const auto flag = std::ranges::find(agent.flags, "--traces");
    if (flag != agent.flags.end()) agent.flags.erase(flag, flag + 2);
}

void World::set_flag(const std::string& name, const std::string& value) {
    const auto found = std::ranges::find(agent.flags, name);
    if (found != agent.flags.end())
        *(found + 1) = value;
    else
        agent.flags.insert(agent.flags.end(), {name, value});
}

void World::start(Shape shape) {
    agent.start();
    watch_ = std::make_unique<peers::ScrapeWatch>(agent, 200ms, peers::ScrapeWatch::Life::restarts);
    start_load(shape);
    expect(rows_arrive(), "no rows at the start");
}

void World::start_load(Shape shape) {
    LoadSettings settings;
    settings.socket = agent.socket();
    settings.judge = judge_.pipe();
    mixed_ = mixed_ || shape == Shape::l5;
    settings.mixed = mixed_;
    std::size_t processes = 1;
    switch (shape) {
        case Shape::l1:
            break;
        case Shape::single:
            processes = 4;
            settings.threads = 1;
            break;
        case Shape::l2:
            processes = 4;
            settings.threads = 2;
            break;
        case Shape::l3:
            settings.rate = 1000;
            settings.burst = 1000ms;
            break;
        case Shape::l4:
            settings.threads = 1;
            settings.rate = 1;
            break;
        case Shape::l5:
            settings.rate = 200;
            break;
    }
    for (std::size_t i = 0; i < processes; ++i) launch(settings);
}

void World::launch(LoadSettings settings) {
    settings.epoch = random() | 1;
    judge_.expect(settings.epoch);
    std::vector<std::string> arguments{load_program.empty() ? "/proc/self/exe" : load_program.string(), "load"};
    for (auto& each : to_arguments(settings)) arguments.push_back(std::move(each));
    peers::Launch launch{
        .arguments = std::move(arguments), .environment = {}, .folder = folder_.path(), .name = "load"};
    load_.push_back({settings, std::make_unique<peers::Process>(std::move(launch))});
}

void World::kill_agent() {
    if (const auto status = agent.wait(0ms))
        problems_.push_back("P7: the agent has ended by itself, with " + std::to_string(*status));
    agent.kill_hard();
}

void World::kill_process(std::size_t which, int signal) {
    ++kills_;
    replace(which, signal);
}

void World::end_process(std::size_t which) { replace(which, SIGTERM); }

void World::replace(std::size_t which, int signal) {
    Running& victim = load_.at(which);
    end(victim, signal);
    const LoadSettings settings = victim.settings;
    load_.erase(load_.begin() + static_cast<std::ptrdiff_t>(which));
    launch(settings);
}

void World::end(Running& one, int signal) {
    expect_running(one);
    one.process->send(signal);
    expect_end(one, signal);
}

void World::expect_running(Running& one) {
    if (const auto status = one.process->wait(0ms))
        problems_.push_back("P5: a process of the load has ended by itself, with " + std::to_string(*status));
}

// Whoever was asked to end says whether all it recorded is acknowledged, or had not yet begun.
void World::expect_end(Running& one, int signal) {
    const auto status = one.process->wait(20s);
    const bool in_order = signal == SIGTERM && (status == 0 || status == 3);
    expect(in_order || status == 128 + signal,
           "P5: a process of the load ends with " + std::to_string(status.value_or(-1)));
}

void World::renew_process(std::size_t which) {
    Running& one = load_.at(which);
    wait_for(which);
    ++kills_;
    judge_.expect(++one.settings.epoch);
    one.process->send(SIGUSR1);
    wait_for(which);
}

void World::spawn_child(std::size_t which) {
    wait_for(which);
    load_.at(which).process->send(SIGUSR2);
}

void World::wait_for(std::size_t which) {
    const std::uint64_t epoch = load_.at(which).settings.epoch;
    expect(peers::eventually(20s, [&] { return judge_.heard_of(epoch); }), "a process of the load does not record");
}

void World::kill_load() {
    for (Running& each : load_) expect_running(each);
    for (Running& each : load_) each.process->send(SIGKILL);
    for (Running& each : load_) expect_end(each, SIGKILL);
    kills_ += static_cast<unsigned>(load_.size());
    load_.clear();
}

void World::end_load() {
    for (Running& each : load_) expect_running(each);
    for (Running& each : load_) each.process->send(SIGTERM);
    for (Running& each : load_) expect_end(each, SIGTERM);
    load_.clear();
}

bool World::rows_arrive(std::chrono::milliseconds deadline) const {
    const auto rows = [this] { return postgres.number("select count(*) from request_log"); };
    long before = 0;
    if (!peers::eventually(deadline, [&] { return (before = rows()) > 0; })) return false;
    return peers::eventually(deadline, [&] { return rows() > before; });
}

std::size_t World::rings() const {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(agent.socket() + ".rings"))
        count += file.path().extension() == ".ring" ? 1 : 0;
    return count;
}

// No ring of a dead process is left, and what was accepted is stored or counted. A mutant is not waited for as long.
bool World::settles() {
    const char* const less = std::getenv("SETTLE_SECONDS");
    return peers::eventually(less == nullptr ? 90s : std::chrono::seconds(std::stol(less)), [&] {
        if (rings() > 0) return false;
        const auto scrape = agent.scrape();
        return scrape.sum("outrigger_sink_pending_events") == 0 &&
               (damaged_counts || static_cast<double>(peers::balance(postgres).accepted) ==
                                      scrape.sum("outrigger_sink_accepted_events_total", {{"sink", "rows"}}));
    });
}

World::Outcome World::prove(Drops drops) {
    end_load();
    try {
        if (!settles()) problems_.push_back("does not settle:\n" + agent.log().substr(0, 3000));
        if (watch_) watch_->stop();
        prove_rows(drops);
        prove_agent();
        prove_emitters();
        prove_life();
    } catch (const std::exception& error) {
        problems_.push_back(std::string("the proof itself failed: ") + error.what());
    }
    if (fired_.empty()) problems_.push_back("P10: void: no fault was fired");
    std::string fired;
    for (const auto& [what, times] : fired_) {
        fired += (fired.empty() ? "" : ", ") + std::to_string(times) + " " + what;
        if (times == 0) problems_.push_back("P10: void: no " + what);
    }
    return {problems_, fired + "; " + summary_, fired_};
}

}  // namespace outrigger::faults
