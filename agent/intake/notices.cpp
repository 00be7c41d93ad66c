#include "agent/intake/notices.h"

#include <utility>

namespace outrigger::intake {

void Notices::socket(SocketName name) {
    if (name == SocketName::renewed)
        say_("the socket was deleted: it is there again");
    else if (name == SocketName::lost && name_ != name)
        say_(
            "the socket's name does not lead here any more, and something else has it or it cannot be made: no app can "
            "connect");
    else if (name == SocketName::ours && name_ == SocketName::lost)
        say_("the socket's name leads here again");
    name_ = name;
}

void Notices::room(std::uint64_t turned_away, std::size_t connections, std::size_t most) {
    const bool more = std::exchange(turned_away_, turned_away) != turned_away;
    if (more && !full_)
        say_("as many connections as there may be, " + std::to_string(connections) +
             ": others are turned away (--max-connections, or the descriptors of this process)");
    else if (full_ && !more && connections < most)
        say_("there is room for connections again");
    full_ = more || (full_ && connections >= most);
}

}  // namespace outrigger::intake
