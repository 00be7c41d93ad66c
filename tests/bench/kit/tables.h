// The tables of the rows sink in a cluster of the benchmark's own, made as the agent makes them.
#pragma once

#include <string>

namespace outrigger::bench {

void make_tables(const std::string& uri);  // with a partition for the day of the typical request; throws

}  // namespace outrigger::bench
