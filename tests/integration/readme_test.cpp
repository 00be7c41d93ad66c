#include <doctest/doctest.h>

#include <string>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/process.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {
namespace {

TEST_CASE("the README shows the statement that the tests run, and each flag of the agent that is in its help") {
    const std::string readme = read_whole("README.md");
    CHECK(readme.find(read_whole("tools/balance.sql")) != std::string::npos);

    const TemporaryFolder folder;
    const std::string help =
        run({.arguments = {built("outrigger"), "--help"}, .environment = {}, .folder = folder.path(), .name = "help"},
            std::chrono::seconds{10})
            .output;
    int flags = 0;
    for (std::size_t at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
        const std::string flag = help.substr(at, help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at) - at);
        CAPTURE(flag);
        CHECK((flag == "--help" || flag == "--version" || readme.find("`" + flag) != std::string::npos));
        ++flags;
    }
    CHECK(flags > 20);
}

}  // namespace
}  // namespace outrigger::peers
