// The page that pretends to work: it waits 100..1000 ms, fails one time in ten, and says so in two child spans and two
// metrics of its own. Called by its route, on a connection's thread.
#pragma once

#include "app/reply.h"
#include "app/routes.h"

namespace outrigger::app {

Reply simulate(const World& world);

}  // namespace outrigger::app
