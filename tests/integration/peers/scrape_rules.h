// What each type of family demands of its samples. Throws std::runtime_error, naming the family.
#pragma once

#include <string_view>

#include "tests/integration/peers/scrape.h"

namespace outrigger::peers {

bool belongs(std::string_view sample, const Family& family, bool openmetrics);
void check_family(const Family& family, bool openmetrics);

}  // namespace outrigger::peers
