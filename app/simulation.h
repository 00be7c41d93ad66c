// The page that pretends to work: it waits 100..1000 ms, for a cache that does not have it, a database that fails one
// time in ten, and its own rendering, and says so in child spans and two metrics of its own. Called by its route, on a
// connection's thread.
#pragma once

#include "app/reply.h"
#include "app/routes.h"

namespace outrigger::app {

Reply simulate(const World& world);

}  // namespace outrigger::app
