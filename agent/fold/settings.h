// What the fold must be told. Filled by topology from the settings; constant while the agent runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace outrigger::fold {

enum class NamingSet { prometheus, otel, flask };

struct FoldSettings {
    NamingSet names = NamingSet::prometheus;
    std::size_t max_series = 10'000;
    std::vector<double> buckets = {.005, .01, .025, .05, .075, .1,  .25,
                                   .5,   .75, 1,    2.5, 5,    7.5, 10};  // seconds, ascending
    std::vector<std::string> tag_labels;                                  // keys of tags that become labels
    std::string service, env, version;                                    // the agent's own, for events that bring none
};

}  // namespace outrigger::fold
