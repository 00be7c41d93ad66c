// The demo's pages: what each one answers, and what it says of itself. Handlers are called on connection threads; all
// that they need of the world outside is handed in, so that tests need neither luck nor patience.
#pragma once

#include <chrono>
#include <functional>

#include "app/instrument.h"
#include "app/settings.h"
#include "shared/event.h"

namespace outrigger::app {

struct World {
    std::function<double()> chance;  // uniform in [0, 1)
    std::function<void(std::chrono::microseconds)> sleep;
    std::function<void(const MetricEvent&)> record_metric;
    Address agent;  // whose /metrics is passed through
};

World real_world(const Address& agent, std::function<void(const MetricEvent&)> record_metric);

void add_routes(Instrument& routes, const World& world);

}  // namespace outrigger::app
