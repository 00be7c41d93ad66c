// A connection to Datadog's agent: its name looked up and each of its addresses tried, all within a deadline, and given
// up when the sink has to stop, which a library's connect does not do. Used by the wire, on the worker's thread.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>

#include "agent/sinks/name_lookup.h"
#include "agent/sinks/traces/traces.h"
#include "shared/file_descriptor.h"

namespace outrigger::traces {

// The socket is a blocking one. The error is for people, and names the target.
std::expected<FileDescriptor, std::string> connect_to(const Target& target, sinks::NameLookup& name,
                                                      std::chrono::milliseconds patience,
                                                      const std::function<bool()>& given_up);

// host:port, or the path.
std::string to_text(const Target& target);

}  // namespace outrigger::traces
