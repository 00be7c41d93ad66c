// Ports for peers that must be told one, or keep it over a restart.
#pragma once

namespace outrigger::peers {

// Free on the loopback right now, and below the range from which the kernel takes ports for outgoing connections.
int free_port();

}  // namespace outrigger::peers
