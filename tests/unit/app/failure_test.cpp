#include "app/failure.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "shared/limits.h"

using namespace outrigger::app;

namespace {

Failure described(const std::function<void()>& throws) {
    try {
        throws();
    } catch (...) {
        return describe(std::current_exception());
    }
    return {};
}

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

}  // namespace

struct Deep : std::runtime_error, Traced {
    using std::runtime_error::runtime_error;
};

[[gnu::noinline]] void dive(int depth) {
    if (depth == 0) throw Deep{"too deep"};
    dive(depth - 1);
    [[maybe_unused]] static volatile int after = 0;  // no tail call: each dive is a frame
    after = depth;
}

TEST_CASE("an exception is described by its type's name and its text") {
    auto failure = described([] { throw std::out_of_range("no such shelf"); });
    CHECK(failure.type == "std::out_of_range");
    CHECK(failure.message == "no such shelf");
    CHECK(failure.stack.starts_with("at "));

    failure = described([] { throw 7; });
    CHECK(failure.type == "int");
    CHECK_FALSE(failure.message.empty());
}

TEST_CASE("a traced exception shows where it was thrown, not where it was caught") {
    const auto shallow = described([] { dive(0); });
    const auto deep = described([] { dive(5); });
    CHECK(deep.type == "Deep");
    CHECK(deep.message == "too deep");
    CHECK(lines(deep.stack) == lines(shallow.stack) + 5);
}

TEST_CASE("a stack fits into an event") {
    const auto deep = described([] { dive(500); });
    CHECK(lines(deep.stack) > 20);
    CHECK(deep.stack.size() <= outrigger::limits::error_stack_bytes);
}
