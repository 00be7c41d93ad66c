#include "tests/integration/peers/pass_over.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string_view>

namespace outrigger::peers {

void pass_over(const std::string& reason) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") {
        FAIL_CHECK(reason);
    } else {
        MESSAGE("SKIPPED, NOT TESTED: " << reason);
    }
}

}  // namespace outrigger::peers
