#include "tests/unit/agent/intake/kept_journal.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <stdexcept>

namespace outrigger::test {

using namespace std::chrono_literals;

KeptJournal::KeptJournal() {
    journal::JournalSettings settings;
    settings.folder = folder_.path() / "journal";
    settings.fallback = folder_.path() / "fallback";
    settings.size_bytes = std::uint64_t{64} << 20;
    settings.durability = journal::Durability::process;
    journal_ = std::move(*journal::Journal::open(settings, 0));
    journal::WriterHooks hooks;
    hooks.batch_begins = [this] { const std::lock_guard waits(held_mutex_); };
    hooks.kept = [](const journal::Entry&) {};
    hooks.batch_ends = [] {};
    hooks.acknowledged = [this](std::span<const journal::Receipt> receipts) {
        const std::lock_guard lock(mutex_);
        if (intake_) intake_->kept(receipts);
    };
    hooks.state_changed = [](std::string_view) {};
    writer_ = std::make_unique<journal::Writer>(*journal_, 1, journal::Counts{}, hooks);
}

KeptJournal::~KeptJournal() {
    stop_intake();
    writer_.reset();
}

void KeptJournal::start_intake(const std::vector<intake::KnownEmitter>& known, std::size_t max_connections) {
    intake::IntakeSettings settings;
    settings.max_connections = max_connections;
    start_intake(known, settings);
}

void KeptJournal::start_intake(const std::vector<intake::KnownEmitter>& known, intake::IntakeSettings settings) {
    listener_ = std::make_unique<UnixListener>(listen_unix(socket(), 0600));
    settings.rings_folder = rings();
    intake::IntakeHooks hooks;
    hooks.offer = [this](journal::Batch& batch) {
        const bool taken = writer_->offer(batch);
        batches_ += taken ? 1 : 0;
        return taken;
    };
    hooks.admit_metric = [](const MetricView& metric, std::int64_t) -> std::expected<void, Refused> {
        if (metric.name == "taken") return std::unexpected(Refused{Refusal::bad_name, "name", "another name"});
        return {};
    };
    hooks.forget_idle = [](std::int64_t, std::span<const EmitterId>) { return std::vector<EmitterId>(); };
    hooks.say = [this](const std::string& line) {
        const std::lock_guard lock(said_mutex_);
        said_.push_back(line);
    };
    const std::lock_guard lock(mutex_);
    intake_ = std::make_unique<intake::Intake>(listener_->fd(), settings, known, hooks);
    intake_->start();
}

void KeptJournal::stop_intake() {
    if (intake_) intake_->stop(1s);
    {
        const std::lock_guard lock(mutex_);
        intake_.reset();
    }
    listener_.reset();
}

std::vector<KeptEntry> KeptJournal::entries(std::uint64_t requests) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    journal::Mark mark = journal_->mark();
    while (journal::requests(mark.counts) < requests && std::chrono::steady_clock::now() < deadline)
        mark = journal_->wait_beyond(mark.position, deadline);
    std::vector<KeptEntry> out;
    const auto reader = journal_->read_from(0);
    while (true) {
        const auto& step = reader->next();
        if (step.what != journal::Step::What::entry) break;
        if (step.entry.envelope.kind == journal::Kind::identity) continue;
        KeptEntry entry{step.entry.envelope, "", "", {step.entry.payload.begin(), step.entry.payload.end()}};
        if (step.entry.identity != nullptr) entry.service = step.entry.identity->service;
        if (entry.envelope.kind == journal::Kind::request)
            entry.path = std::string(RequestView::parse(entry.payload)->path);
        out.push_back(std::move(entry));
    }
    return out;
}

void KeptJournal::hold() { held_mutex_.lock(); }

void KeptJournal::let_go() { held_mutex_.unlock(); }

std::vector<std::string> KeptJournal::said() {
    const std::lock_guard lock(said_mutex_);
    return said_;
}

LineClient::LineClient(const std::string& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
        throw std::runtime_error("cannot connect to " + socket);
}

void LineClient::send(const std::string& text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const ssize_t count = ::send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += static_cast<std::size_t>(count);
    }
}

void LineClient::send_end() { ::shutdown(fd_.get(), SHUT_WR); }

std::string LineClient::receive() {
    while (true) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        pollfd ready{fd_.get(), POLLIN, 0};
        if (::poll(&ready, 1, 5000) != 1) return "nothing came";
        char bytes[4096];
        const ssize_t count = ::recv(fd_.get(), bytes, sizeof(bytes), 0);
        if (count <= 0) return "";
        buffer_.append(bytes, static_cast<std::size_t>(count));
    }
}

bool LineClient::hears_nothing_for(std::chrono::milliseconds time) {
    pollfd ready{fd_.get(), POLLIN, 0};
    return buffer_.empty() && ::poll(&ready, 1, static_cast<int>(time.count())) == 0;
}

bool LineClient::closed() { return receive().empty(); }

}  // namespace outrigger::test
