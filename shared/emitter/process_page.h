// What one process knows of an emitter, on a page that the kernel empties in a forked child: a child finds nothing
// started and nothing counted, at the price of one load. Made by the process that makes the Emitter.
#pragma once

#include <atomic>

#include "shared/emitter/drop_counters.h"

namespace outrigger {

class Incarnation;

class ProcessPage {
  public:
    struct Content {
        std::atomic<Incarnation*> running;  // null: not started in this process, or stopped
        std::atomic<bool> started_here;     // stays true after a stop
        DropCounters drops;                 // that no ring counts
    };

    ProcessPage();  // throws std::system_error without memory, or on a kernel before Linux 4.14
    ~ProcessPage();
    ProcessPage(const ProcessPage&) = delete;
    ProcessPage& operator=(const ProcessPage&) = delete;

    Content* operator->() const noexcept { return content_; }

  private:
    Content* content_;
};

}  // namespace outrigger
