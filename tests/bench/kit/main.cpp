// Every benchmark program begins here: NAME_bench [--quick] [what the program itself takes].
#define DOCTEST_CONFIG_IMPLEMENT  // what starts agents and Postgres belongs to the tests
#include <doctest/doctest.h>
#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

#include "tests/bench/kit/rounds.h"

int main(int count, char** arguments) try {
    std::vector<std::string> words(arguments + 1, arguments + count);
    std::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_TIMERSLACK, 1'000UL, 0, 0, 0);  // who sleeps until an event is due wakes then
    doctest::Context peers;
    peers.setAsDefaultForAssertsOutOfTestCases();
    outrigger::bench::Size size;
    size.quick = std::erase(words, "--quick") > 0;
    outrigger::bench::run(size, words);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", arguments[0], error.what());
    return 1;
}
