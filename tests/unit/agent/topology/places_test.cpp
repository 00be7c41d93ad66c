#include "agent/topology/places.h"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/shared/emitter/as_user.h"
#include "tests/unit/shared/emitter/memory_folder.h"

namespace outrigger::topology {
namespace {

using test::AsUser;
using test::MemoryFolder;
using test::stranger;

// What a start as a user without rights says, who may write `folder`.
std::string refusal(const settings::Settings& settings) {
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string what = "started";
        try {
            if (::setgroups(0, nullptr) != 0) ::_exit(1);
            if (::setgid(stranger) != 0 || ::setuid(stranger) != 0) ::_exit(1);
            open_listener(settings, [](const std::string&) {});
        } catch (const std::exception& error) {
            what = error.what();
        }
        (void)!::write(told[1], what.data(), what.size());
        ::_exit(0);
    }
    ::close(told[1]);
    std::string said(4096, ' ');
    const ssize_t bytes = ::read(told[0], said.data(), said.size());
    said.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    ::close(told[0]);
    ::waitpid(child, nullptr, 0);
    return said;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a start that lacks a right names the setting and what gives it" * doctest::skip(!test::is_root())) {
    MemoryFolder folder;
    settings::Settings settings;
    settings.socket = folder / "agent.sock";
    SUBCASE("a group that the agent is not in") {
        REQUIRE(::chown(folder.path().c_str(), stranger, stranger) == 0);
        settings.socket_group = 0;
        const std::string said = refusal(settings);
        CAPTURE(said);
        CHECK(has(said, "--socket-group root: "));
        CHECK(has(said, "must be a member of root (usermod -aG root nobody)"));
    }
    SUBCASE("a folder that it cannot write") {
        ::chmod(folder.path().c_str(), 0755);
        const std::string said = refusal(settings);
        CAPTURE(said);
        CHECK(has(said, "--socket"));
        CHECK(has(said, "install -d -o nobody " + folder.path().string()));
    }
    SUBCASE("a folder of rings that is another user's") {
        REQUIRE(::chown(folder.path().c_str(), stranger, stranger) == 0);
        REQUIRE(::mkdir((folder / "agent.sock.rings").c_str(), 0755) == 0);
        const std::string said = refusal(settings);
        CAPTURE(said);
        CHECK(has(said, "it belongs to uid 0"));
        CHECK(has(said, "chown nobody " + (folder / "agent.sock.rings")));
    }
}

}  // namespace
}  // namespace outrigger::topology
