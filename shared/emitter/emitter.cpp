#include "shared/emitter/emitter.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "shared/emitter/incarnation.h"
#include "shared/emitter/process_page.h"
#include "shared/emitter/ring_size.h"
#include "shared/runtime_folder.h"
#include "shared/unix_socket.h"

namespace outrigger {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::size_t ring_bytes_of(const EmitterSettings& settings) {
    std::size_t wanted = settings.ring_bytes.value_or(ring::default_bytes);
    const std::string text = environment("OUTRIGGER_RING_SIZE");
    if (!settings.ring_bytes && !text.empty()) {
        const auto parsed = parse_size(text);
        if (!parsed) throw std::invalid_argument("OUTRIGGER_RING_SIZE '" + text + "': a size such as 4MiB is accepted");
        wanted = *parsed;
    }
    const auto bytes = to_ring_bytes(wanted);
    if (!bytes) throw std::invalid_argument("ring size " + std::to_string(wanted) + ": up to 256MiB is accepted");
    return *bytes;
}

std::string host() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

SenderSettings sender_settings(const EmitterSettings& settings) {
    const std::string xdg = environment("XDG_RUNTIME_DIR");
    AgentPlaces places = settings.socket->empty() ? AgentPlaces::in(runtime_folders(xdg, ::geteuid()), ::geteuid())
                                                  : AgentPlaces::at(*settings.socket);
    Identity identity;
    identity.pid = static_cast<std::uint32_t>(::getpid());
    identity.service = settings.service;
    identity.env = settings.env;
    identity.version = settings.version;
    identity.host = host();
    identity.language = "cpp";
    return {std::move(identity), std::move(places), *settings.ring_bytes};
}

}  // namespace

Emitter::Emitter(EmitterSettings settings) : settings_(std::move(settings)), process_(std::make_unique<ProcessPage>()) {
    settings_.ring_bytes = ring_bytes_of(settings_);
    if (!settings_.socket) settings_.socket = environment("OUTRIGGER_SOCKET");
    if (settings_.socket->size() > socket_path_bytes)
        throw std::invalid_argument("socket " + *settings_.socket + ": a path of up to 107 bytes is accepted");
}

Emitter::~Emitter() {
    stop(std::chrono::seconds(2));
    abandon_if_inherited();
}

void Emitter::start() {
    if ((*process_)->running.load(std::memory_order_relaxed) != nullptr) return;
    abandon_if_inherited();
    try {
        incarnation_ = std::make_unique<Incarnation>(sender_settings(settings_), (*process_)->drops);
    } catch (const std::exception&) {  // no memory or no thread: the app runs on
        return;
    }
    (*process_)->started_here = true;
    (*process_)->running.store(incarnation_.get(), std::memory_order_release);
}

// A forked child has its parent's object, but neither its thread nor its ring, which may be anything else's memory by
// now: it is left as it is.
void Emitter::abandon_if_inherited() noexcept {
    if (!(*process_)->started_here) (void)incarnation_.release();
}

void Emitter::stop(std::chrono::milliseconds deadline) {
    Incarnation* running = (*process_)->running.exchange(nullptr);
    if (running != nullptr) running->stop(deadline);
}

Recorded Emitter::record(const RequestEvent& event) noexcept {
    Incarnation* running = (*process_)->running.load(std::memory_order_acquire);
    return running != nullptr ? running->record(event) : drop();
}

Recorded Emitter::record(const MetricEvent& event) noexcept {
    Incarnation* running = (*process_)->running.load(std::memory_order_acquire);
    return running != nullptr ? running->record(event) : drop();
}

Recorded Emitter::drop() noexcept {
    (*process_)->drops.add(DropReason::not_started);
    return Recorded::not_started;
}

Emitter::Counts Emitter::counts() const {
    if ((*process_)->started_here) {
        const auto counts = incarnation_->counts();
        return {counts.accepted, counts.acknowledged, counts.dropped, counts.connected};
    }
    Counts counts;
    for (const auto& total : (*process_)->drops.totals) counts.dropped += total.load(std::memory_order_relaxed);
    return counts;
}

std::string Emitter::trouble() const { return (*process_)->started_here ? incarnation_->trouble() : std::string(); }

}  // namespace outrigger
