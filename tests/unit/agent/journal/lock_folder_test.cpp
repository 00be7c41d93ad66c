#include "agent/journal/lock_folder.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {

TEST_CASE("a data directory admits one agent, and says which one it is") {
    const TestFolder folder;
    const auto data = folder.path() / "a" / "b";
    {
        CHECK_FALSE(folder_holder(data));
        CHECK_FALSE(std::filesystem::exists(data));
        const auto first = lock_folder(data);
        REQUIRE(first);
        const auto second = lock_folder(data);
        REQUIRE_FALSE(second);
        CHECK(second.error().kind == ErrorKind::fatal);
        CHECK(second.error().what == "data directory " + data.string() + " belongs to another running agent (process " +
                                         std::to_string(::getpid()) + ")");
        CHECK(folder_holder(data) == "process " + std::to_string(::getpid()));
    }
    CHECK_FALSE(folder_holder(data));
    CHECK(lock_folder(data));
}

TEST_CASE("a data directory that cannot be made is not another agent's") {
    const TestFolder folder;
    write_contents(folder.path() / "file", {});
    const auto lock = lock_folder(folder.path() / "file" / "data");
    REQUIRE_FALSE(lock);
    CHECK(lock.error().kind == ErrorKind::retry);
    CHECK(lock.error().what.find("Not a directory") != std::string::npos);
}

}  // namespace outrigger::journal
