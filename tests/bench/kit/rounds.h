// The frame of every benchmark program: contenders measured in turns, one JSON line on stdout for each measurement, and
// after each a fixed piece of work whose time says how steady the machine was. tests/bench/run reads the lines.
//   {"bench":"rows","about":"400,000 rows","what":"raw binary COPY","round":3,"spin_ms":10.1,"values":{"cpu_ns":1800}}
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::bench {

// Names end in their unit: _ns, _us, _ms, _s, _mib, _percent, _per_s, _bytes; a mere count has none.
using Values = std::vector<std::pair<std::string_view, double>>;

struct Contender {
    std::string what;
    std::function<Values()> measure;
};

// Whether a run is to take as little time as shows gross regressions.
struct Size {
    bool quick = false;
    template <class T>
    T of(T whole, T small) const {
        return quick ? small : whole;
    }
};

// Round by round, each contender once: what drifts meets all of them alike. Each round has another order, in which each
// follows another one, so that what one leaves behind (caches, a disk that is still busy) does not always meet the
// same.
void take_turns(std::string_view bench, std::string_view about, int rounds, const std::vector<Contender>& contenders);

// A single measurement, which no other belongs to.
void report(std::string_view bench, std::string_view about, std::string_view what, int round, const Values& values);

// Each program defines it; the kit's main() calls it. What it throws ends the program with status 1.
void run(const Size& size, const std::vector<std::string>& arguments);

}  // namespace outrigger::bench
