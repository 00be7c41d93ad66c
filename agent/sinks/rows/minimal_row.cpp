#include "agent/sinks/rows/minimal_row.h"

#include <cassert>

#include "shared/utc_clock.h"

namespace outrigger::rows {

std::vector<char> minimal_row(const RowContext& context) {
    RequestEvent event;
    event.method = "GET";
    event.route = "/";
    event.path = "/";
    event.status = 200;
    const auto measured = measure(event);
    assert(measured);
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    journal::Entry entry;
    entry.envelope.start = journal::Start::arrival;
    entry.envelope.arrival_us = utc_us();
    entry.payload = record;
    std::vector<char> tuple;
    append_row(tuple, entry, context);
    return tuple;
}

}  // namespace outrigger::rows
