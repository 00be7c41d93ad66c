#include <doctest/doctest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
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

// The ids of the catalogue's cases, as its sources register them.
std::set<std::string> registered_cases() {
    std::set<std::string> ids;
    const std::regex registered(R"rx(\{"([A-G][0-9]+[a-z]?)", ")rx");
    for (const auto& file : std::filesystem::directory_iterator("tests/faults")) {
        const std::string source = file.is_regular_file() ? read_whole(file.path()) : "";
        for (std::sregex_iterator found(source.begin(), source.end(), registered), end; found != end; ++found)
            ids.insert((*found)[1]);
    }
    return ids;
}

TEST_CASE("the README names for each thing that dies a case that plays it, and only cases that there are") {
    const std::set<std::string> cases = registered_cases();
    CHECK(cases.size() > 90);
    std::istringstream readme(read_whole("README.md"));
    int rows = 0;
    bool inside = false;
    for (std::string line; std::getline(readme, line); inside = inside && line.starts_with("|")) {
        if (line.starts_with("| what dies")) inside = true;
        if (!inside || !line.starts_with("| ") || line.starts_with("| what dies")) continue;
        ++rows;
        CAPTURE(line);
        std::string cell = line.substr(0, line.rfind(" |"));
        cell = cell.substr(cell.rfind("| ") + 2);
        if (cell.starts_with("`make ")) continue;
        std::istringstream words(cell);
        int named = 0;
        for (std::string id; words >> id; ++named) CHECK_MESSAGE(cases.contains(id), id);
        CHECK(named > 0);
    }
    CHECK(rows > 20);
}

}  // namespace
}  // namespace outrigger::peers
