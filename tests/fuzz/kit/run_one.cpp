#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/kit/target.h"

namespace outrigger::fuzz {

int run_one(Target target, Input input) {
    try {
        target(input);
    } catch (const Broken& broken) {
        std::fprintf(stderr, "BROKEN: %s\n", broken.what());
        std::abort();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "THROWN: %s\n", error.what());
        std::abort();
    }
    return 0;
}

}  // namespace outrigger::fuzz
