// A journal on a disk that loses its power at any call, in any state that its calls allow.
#include "tests/fuzz/kit/crash_lives.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;

FUZZ_TARGET(crash) {
    fuzz::Source chance(input);
    fuzz::live_through_crashes(chance);
}
