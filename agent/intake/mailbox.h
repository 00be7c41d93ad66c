// What other threads have to tell the loop: that a batch was kept, with its receipts, and that it is to stop. Wakes the
// loop through a descriptor.
#pragma once

#include <chrono>
#include <mutex>
#include <span>
#include <vector>

#include "agent/journal/batch.h"
#include "shared/file_descriptor.h"

namespace outrigger::intake {

class Mailbox {
  public:
    Mailbox();  // throws when there is no descriptor

    // From any thread.
    void kept(std::span<const journal::Receipt> receipts);
    void ask_to_stop(std::chrono::steady_clock::time_point deadline);

    // The loop's thread.
    int descriptor() const { return wake_.get(); }  // readable: something came
    void wait(int milliseconds) const;
    void wakened();  // makes the descriptor quiet again
    // The receipts since the last call, valid until the next. True: a batch was kept.
    bool take(std::span<const journal::Receipt>& receipts);
    bool stopping() const;
    std::chrono::steady_clock::time_point deadline() const;  // once it is stopping

  private:
    void wake() const;

    FileDescriptor wake_;
    mutable std::mutex mutex_;  // guards the four below
    std::vector<journal::Receipt> receipts_;
    bool batch_kept_ = false;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point deadline_;
    std::vector<journal::Receipt> taken_;  // the loop's
};

}  // namespace outrigger::intake
