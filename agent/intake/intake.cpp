#include "agent/intake/intake.h"

#include <thread>

#include "agent/intake/loop.h"
#include "shared/thread_name.h"

namespace outrigger::intake {

// The loop and its thread, joined first.
struct Intake::Running {
    Loop loop;
    std::jthread thread;
};

Intake::Intake(int listener, IntakeSettings settings, const std::vector<KnownEmitter>& known, IntakeHooks hooks)
    : running_(new Running{{listener, std::move(settings), known, std::move(hooks)}, {}}) {}

void Intake::start() {
    running_->thread = std::jthread([&loop = running_->loop] {
        name_this_thread("intake");
        loop.run();
    });
}

Intake::~Intake() { stop(std::chrono::milliseconds(0)); }

void Intake::kept(std::span<const journal::Receipt> receipts) { running_->loop.mailbox().kept(receipts); }

void Intake::stop(std::chrono::milliseconds deadline) {
    running_->loop.mailbox().ask_to_stop(std::chrono::steady_clock::now() + deadline);
    if (running_->thread.joinable()) running_->thread.join();
}

const Counters& Intake::counters() const { return running_->loop.counters(); }

}  // namespace outrigger::intake
