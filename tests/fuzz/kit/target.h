// A fuzz target: what must hold for every input. One file, two lives: built with OUTRIGGER_FUZZ (`make fuzz`) it is a
// libFuzzer program; among the unit tests it is a case that replays the target's corpus and seeded mutations of it.
//
//   FUZZ_TARGET(record) { ... input ...; expect(view.size() > 0, "a view has something"); }
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace outrigger::fuzz {

using Input = std::span<const std::byte>;
using Target = void (*)(Input input);

// An input broke a promise.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void expect(bool holds, std::string_view promise) {
    if (!holds) throw Broken(std::string(promise));
}

// Runs one input as libFuzzer wants it: what is thrown is said, and ends the process.
int run_one(Target target, Input input);

// Runs the files of tests/fuzz/corpus/<name>, then mutations of them for a few seconds at most; throws for the first
// input that breaks a promise, and names it.
void replay(const std::string& name, Target target);

}  // namespace outrigger::fuzz

#ifdef OUTRIGGER_FUZZ
#define FUZZ_TARGET(name)                                                                  \
    static void run_##name(outrigger::fuzz::Input input);                                  \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {    \
        return outrigger::fuzz::run_one(run_##name, std::as_bytes(std::span(data, size))); \
    }                                                                                      \
    static void run_##name([[maybe_unused]] outrigger::fuzz::Input input)
#else
#include <doctest/doctest.h>
#define FUZZ_TARGET(name)                                                                                              \
    static void run_##name(outrigger::fuzz::Input input);                                                              \
    TEST_CASE("fuzz target " #name ": its corpus and mutations of it") { outrigger::fuzz::replay(#name, run_##name); } \
    static void run_##name([[maybe_unused]] outrigger::fuzz::Input input)
#endif
