// The words of one line of a scrape: names, labels, values, exemplars. Throws std::runtime_error on what the grammar
// forbids.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tests/integration/peers/scrape.h"

namespace outrigger::peers {

std::pair<std::string_view, std::string_view> split_word(std::string_view text);  // at the first space
bool is_metric_name(std::string_view name);
Sample parse_sample(std::string_view line, bool openmetrics);
std::string to_key(const Sample& sample);  // name and labels

}  // namespace outrigger::peers
