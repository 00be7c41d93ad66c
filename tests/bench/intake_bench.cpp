// What it costs the agent to take an event: over a real socket, decoded, journaled and folded; as records and as JSON
// lines, with both durabilities. Figures are of the agent's own CPU (intake and journal writer; the client's is taken
// off), so that a busy machine does not show. Arguments: a folder to write to (else here), how many events.
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "agent/fold/fold.h"
#include "agent/intake/intake.h"
#include "agent/journal/writer.h"
#include "shared/unix_socket.h"
#include "tests/bench/typical_request.h"

namespace {

using namespace outrigger;

constexpr std::size_t write_bytes = 64 * 1024;
const std::array<std::string, 10> routes = {"/users/:id/orders", "/users/:id", "/orders", "/orders/:id", "/login",
                                            "/simulation",       "/red",       "/green",  "/blue",       "/yellow"};

double seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string as_bytes_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What a client sends: first the greeting, then events until there are enough.
struct Load {
    std::string greeting;
    std::string block;  // of `in_block` events
    std::uint64_t in_block = 0;
};

Load records() {
    Load load;
    std::vector<std::byte> bytes;
    Hello hello;
    hello.identity.emitter[0] = 1;
    hello.identity.service = "shop";
    append(bytes, hello);
    load.greeting = std::string(record_magic.data(), record_magic.size()) + as_bytes_of(bytes);
    RequestEvent event = bench::typical_request();
    event.start_us.reset();
    while (load.block.size() < write_bytes) {
        event.route = routes[load.in_block++ % routes.size()];
        const auto measured = measure(event);
        std::vector<std::byte> record(measured->length);
        write(event, *measured, record.data());
        load.block += as_bytes_of(record);
    }
    return load;
}

Load lines() {
    Load load;
    load.greeting = R"({"type":"hello","protocol":1,"emitter":"9f0c0000000000000000000000000001","service":"shop"})"
                    "\n";
    while (load.block.size() < write_bytes)
        load.block +=
            R"({"method":"GET","route":")" + routes[load.in_block++ % routes.size()] +
            R"(","path":"/users/4711/orders?page=2","status":200,"duration_us":1234,"response_bytes":512,)"
            R"("client":"203.0.113.195","message":"served from the cache","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
            R"("span_id":"f0f067aa0ba902b7","parent_id":"f0f067aa0ba902b8","tags":{"plan":"pro","region":"eu-west"}})"
            "\n";
    return load;
}

// The stations between the socket and the series, as topology wires them.
class Agent {
  public:
    Agent(const std::filesystem::path& folder, journal::Durability durability)
        : folder_(folder), fold_(fold::FoldSettings{}) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder / "socket.rings");
        journal::JournalSettings settings;
        settings.folder = folder / "journal";
        settings.fallback = folder / "fallback";
        settings.durability = durability;
        journal_ = std::move(*journal::Journal::open(settings, 0));
        journal::WriterHooks kept;
        kept.batch_begins = [this] { fold_.batch_begins(); };
        kept.kept = [this](const journal::Entry& entry) { fold_.apply(entry); };
        kept.batch_ends = [this] { fold_.batch_ends(); };
        kept.acknowledged = [this](std::span<const journal::Receipt> receipts) {
            if (intake_) intake_->kept(receipts);
        };
        writer_ = std::make_unique<journal::Writer>(*journal_, 1, journal::Counts{}, kept);
        listener_ = std::make_unique<UnixListener>(listen_unix(folder / "socket", 0600));
        intake::IntakeHooks hooks;
        hooks.offer = [this](journal::Batch& batch) { return writer_->offer(batch); };
        hooks.admit_metric = [](const MetricView&, std::int64_t) { return std::expected<void, Refused>(); };
        hooks.forget_idle = [](std::int64_t, std::span<const EmitterId>) { return std::vector<EmitterId>(); };
        hooks.say = [](const std::string&) {};
        intake::IntakeSettings place;
        place.rings_folder = folder / "socket.rings";
        intake_ = std::make_unique<intake::Intake>(listener_->fd(), place, std::vector<intake::KnownEmitter>{}, hooks);
        intake_->start();
    }
    ~Agent() {
        intake_->stop(std::chrono::seconds(10));
        writer_->stop(std::chrono::seconds(10));
        intake_.reset();
        writer_.reset();
        std::filesystem::remove_all(folder_);
    }

    void wait_for(std::uint64_t requests) {
        auto mark = journal_->mark();
        while (journal::requests(mark.counts) < requests)
            mark = journal_->wait_beyond(mark.position, std::chrono::steady_clock::now() + std::chrono::seconds(10));
    }

  private:
    std::filesystem::path folder_;
    fold::Fold fold_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<UnixListener> listener_;
    std::unique_ptr<intake::Intake> intake_;
};

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void measure_intake(const char* what, const Load& load, const std::filesystem::path& folder,
                    journal::Durability durability, std::uint64_t events) {
    Agent agent(folder, durability);
    const FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder / "socket";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
    const int room = 1 << 20;
    ::setsockopt(client.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    const double ours = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID);
    const double wall = seconds(CLOCK_MONOTONIC);
    send_all(client.get(), load.greeting);
    std::uint64_t sent = 0;
    for (; sent < events; sent += load.in_block) send_all(client.get(), load.block);
    agent.wait_for(sent);
    const double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID) - ours;
    std::printf(
        "%-26s %4zu B an event  %6.2f M events/s on one core  (%4.0f ns of CPU an event, %5.2f M/s by the clock)\n",
        what, load.block.size() / load.in_block, static_cast<double>(sent) / took / 1e6,
        took * 1e9 / static_cast<double>(sent), static_cast<double>(sent) / (seconds(CLOCK_MONOTONIC) - wall) / 1e6);
}

}  // namespace

int main(int count, char** arguments) {
    const std::filesystem::path folder = std::filesystem::path(count > 1 ? arguments[1] : ".") / "intake_bench.tmp";
    const std::uint64_t events = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000'000;
    measure_intake("intake, records, process", records(), folder, journal::Durability::process, events);
    measure_intake("intake, records, fsync", records(), folder, journal::Durability::fsync, events);
    measure_intake("intake, lines, process", lines(), folder, journal::Durability::process, events);
    measure_intake("intake, lines, fsync", lines(), folder, journal::Durability::fsync, events);
}
