#include "agent/books/cursor.h"

namespace outrigger::books {

std::string_view to_string(SinkDrop reason) {
    switch (reason) {
        case SinkDrop::journal_full:
            return "journal_full";
        case SinkDrop::damaged:
            return "damaged";
        case SinkDrop::refused_by_database:
            return "refused_by_database";
        case SinkDrop::restart:
            return "restart";
        case SinkDrop::unsent:
            return "unsent";
        case SinkDrop::too_old:
            return "too_old";
        case SinkDrop::refused_by_agent:
            return "refused_by_agent";
        case SinkDrop::off:
            return "off";
        case SinkDrop::count_:
            break;
    }
    return "unknown";
}

}  // namespace outrigger::books
