#include "tests/integration/peers/pass_over.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace outrigger::peers {

void pass_over(const std::string& reason) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") {
        FAIL_CHECK(reason);
    } else {
        // tools/run-tests counts these apart: doctest takes such a case for one that passed.
        std::cout << "NOT TESTED: " << doctest::getContextOptions()->currentTest->m_name << "\t(" << reason << ")"
                  << std::endl;
    }
}

}  // namespace outrigger::peers
