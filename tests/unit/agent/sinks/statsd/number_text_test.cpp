#include "agent/sinks/statsd/number_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>

using namespace outrigger::statsd;

namespace {

template <class Value>
std::string text(void (*append)(std::string&, Value), Value value) {
    std::string out;
    append(out, value);
    return out;
}

bool is_plain(const std::string& number) { return number.find_first_not_of("0123456789.-") == number.npos; }

}  // namespace

TEST_CASE("the rate of every weight up to 10,000 gives the weight back as int(1/rate), in plain decimal") {
    for (std::uint64_t n = 2; n <= greatest_weight; ++n) {
        const std::string rate = text(append_rate, n);
        REQUIRE(rate.starts_with("|@0."));
        REQUIRE(is_plain(rate.substr(2)));
        const double read = std::strtod(rate.c_str() + 2, nullptr);
        REQUIRE(read == std::nextafter(1 / static_cast<double>(n), 0));
        REQUIRE(static_cast<std::uint64_t>(1 / read) == n);
    }
    CHECK(text<std::uint64_t>(append_rate, 1) == "");
}

TEST_CASE("a decimal reads back as the same double, and has an exponent only where it would be absurdly long") {
    CHECK(text(append_decimal, 0.0) == "0");
    CHECK(text(append_decimal, -0.0) == "0");
    CHECK(text(append_decimal, 2.5) == "2.5");
    CHECK(text(append_decimal, -3.0) == "-3");
    CHECK(text(append_decimal, 1e20) == "100000000000000000000");
    CHECK(text(append_decimal, 1e-7) == "0.0000001");
    CHECK(text(append_decimal, 1e300) == "1e+300");
    std::mt19937_64 random(1);
    for (int n = 0; n < 20'000; ++n) {
        const double value = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 2000) - 1000);
        const std::string written = text(append_decimal, value);
        REQUIRE(std::strtod(written.c_str(), nullptr) == value);
        REQUIRE(written.size() < 40);
    }
}

TEST_CASE("a rounded value has five significant digits") {
    CHECK(text(append_rounded, 0.0123456789) == "0.012346");
    CHECK(text(append_rounded, 12345678.0) == "12346000");
    CHECK(text(append_rounded, 0.0) == "0");
    CHECK(text(append_rounded, -1.5) == "-1.5");
}
