// Tools that come from other registries than Debian's (Go, npm, PyPI), by `tools/deps peers`, and so may be missing on
// somebody's machine: a test that needs one says loudly that it is passed over. Where CI is true it fails instead.
#pragma once

#include <string>

namespace outrigger::peers {

// Whether build/peers/<path> is there.
bool has_tool(const std::string& path);

}  // namespace outrigger::peers
