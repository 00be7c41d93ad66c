#include "tests/bench/kit/tables.h"

#include <stdexcept>

#include "agent/sinks/rows/connector.h"
#include "agent/sinks/rows/schema.h"
#include "tests/bench/kit/typical_request.h"

namespace outrigger::bench {

void make_tables(const std::string& uri) {
    rows::Lifeline lifeline;
    rows::Connector connector(uri);
    auto session = rows::Session::open(connector, std::nullopt, lifeline);
    std::string statements;
    auto schema = rows::Schema::open(*session, statements);
    const auto day = rows::day_of(*typical_request().start_us);
    if (!schema->ensure_partitions(*session, {day}, day)) throw std::runtime_error("no partitions");
}

}  // namespace outrigger::bench
