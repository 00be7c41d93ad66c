// Where the agent lives: the socket it listens on and the data directory that it alone may use. Used by topology, at
// start.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/journal/lock_folder.h"
#include "agent/settings/settings.h"
#include "shared/unix_socket.h"

namespace outrigger::topology {

using Say = std::function<void(const std::string& line)>;

// Where --socket says, or in the first of the usual places that can be made and lies on tmpfs. Throws AlreadyOwned, or
// std::runtime_error naming the setting.
UnixListener open_listener(const settings::Settings& settings, const Say& say);

// The socket's name, and the folder of rings beside it, made again when they were deleted. Cheap.
SocketName look_after(UnixListener& listener, const settings::Settings& settings);

// As many descriptors as --max-connections asks for, as far as the hard limit allows; says when that is too few.
void allow_descriptors(const settings::Settings& settings, const Say& say);

// A directory that cannot be written does not keep the agent from running: that is said, and nothing is locked. Throws
// AlreadyOwned.
journal::File lock_data_dir(const settings::Settings& settings, const Say& say);

}  // namespace outrigger::topology
