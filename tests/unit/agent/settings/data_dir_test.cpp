#include "agent/settings/data_dir.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger::settings;

namespace {

Surroundings where(const std::string& writable, Environment environment) {
    Surroundings surroundings;
    surroundings.environment = std::move(environment);
    surroundings.may_hold_data = [writable](const std::string& directory) { return directory == writable; };
    return surroundings;
}

}  // namespace

TEST_CASE("the data directory is the first of the usual ones that may hold data") {
    const Environment both = {{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}};
    CHECK(choose_data_dir(where("/var/lib/outrigger", both)) == "/var/lib/outrigger");
    CHECK(choose_data_dir(where("/x/outrigger", both)) == "/x/outrigger");
    CHECK(choose_data_dir(where("/h/.local/state/outrigger", both)) == "/h/.local/state/outrigger");
    CHECK(choose_data_dir(where("", both)) == "/var/lib/outrigger");
    CHECK(choose_data_dir(where("", {})) == "/var/lib/outrigger");
    CHECK(choose_data_dir(where("x/outrigger", {{"XDG_STATE_HOME", "x"}})) == "/var/lib/outrigger");
}

TEST_CASE("a directory may hold data when it can be written, or be made; nothing is made by asking") {
    const outrigger::test::TemporaryFolder folder;
    const std::string& root = folder.path();
    CHECK(may_hold_data(root));
    CHECK(may_hold_data(root + "/deep/below"));
    CHECK_FALSE(std::filesystem::exists(root + "/deep"));
    std::ofstream(root + "/file") << "x";
    CHECK_FALSE(may_hold_data(root + "/file"));
    CHECK_FALSE(may_hold_data(root + "/file/below"));
    if (geteuid() != 0) {  // root may write everywhere
        chmod(root.c_str(), 0500);
        CHECK_FALSE(may_hold_data(root));
        CHECK_FALSE(may_hold_data(root + "/deep"));
        chmod(root.c_str(), 0700);
    }
}
