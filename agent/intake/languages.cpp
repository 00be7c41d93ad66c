#include "agent/intake/languages.h"

#include <algorithm>
#include <cstring>

#include "agent/intake/record_language.h"

namespace outrigger::intake {

Consumed Languages::take(Connection& connection, Admission& admission, Bytes bytes) {
    if (connection.language == Language::undecided && !bytes.empty()) {
        const std::size_t length = std::min(bytes.size(), record_magic.size());
        if (bytes[0] == std::byte{'{'}) {
            connection.language = Language::lines;
        } else if (std::memcmp(bytes.data(), record_magic.data(), length) != 0) {
            admission.counters().bad_language.fetch_add(1, std::memory_order_relaxed);
            return {bytes.size(), true};
        } else if (length == record_magic.size()) {
            connection.language = Language::records;
        }
    }
    if (connection.language == Language::lines) return lines_.take(connection, admission, bytes);
    if (connection.language == Language::records) return records::take(connection, admission, bytes);
    return {};
}

void Languages::take_rest(Connection& connection, Admission& admission, Bytes rest) {
    if (connection.language == Language::lines && !rest.empty()) lines_.take_rest(connection, admission, rest);
}

void Languages::welcome(Connection& connection, const Admission& admission) {
    if (!connection.welcome || !admission.is_kept(connection.welcome->batch)) return;
    if (connection.language == Language::records)
        records::welcome(connection, connection.welcome->next);
    else
        LineLanguage::welcome(connection, connection.welcome->next);
    connection.welcome.reset();
}

void Languages::acknowledge(Connection& connection) {
    if (connection.sender.kept <= connection.acknowledged || connection.output.size() > output_limit) return;
    connection.acknowledged = connection.sender.kept;
    if (connection.language == Language::records)
        records::acknowledge(connection, connection.acknowledged);
    else
        LineLanguage::acknowledge(connection, connection.acknowledged);
}

}  // namespace outrigger::intake
