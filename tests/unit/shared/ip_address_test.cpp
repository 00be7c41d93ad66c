#include "shared/ip_address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <random>
#include <string>

namespace outrigger {
namespace {

std::string canonical(std::string_view text) {
    IpAddress address;
    std::array<char, ip_text_bytes> buffer;
    return parse_ip_address(text, address) ? std::string(to_text(address, buffer)) : "refused";
}

}  // namespace

TEST_CASE("addresses are read in each form and written in one") {
    struct {
        std::string_view text;
        std::string_view canonical;
    } const table[] = {
        {"0.0.0.0", "0.0.0.0"},
        {"192.0.2.1", "192.0.2.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},  // a single zero is written out (RFC 5952, 4.2.2)
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},    // the longer run
        {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},  // the first of equal ones
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
        // what is no address
        {"", "refused"},
        {" 192.0.2.1", "refused"},
        {"192.0.2.1 ", "refused"},
        {"192.0.2", "refused"},
        {"192.0.2.", "refused"},
        {"192.0.2.1.", "refused"},
        {"192.0.2.1.5", "refused"},
        {"192.0.2.256", "refused"},
        {"192.0.2.1000", "refused"},
        {"192.0.2.01", "refused"},
        {"192.0.2.-1", "refused"},
        {"192.0.2.+1", "refused"},
        {"0x7f.0.0.1", "refused"},
        {"2130706433", "refused"},
        {"127.1", "refused"},
        {"192.0.2.1:80", "refused"},
        {"[::1]", "refused"},
        {"fe80::1%eth0", "refused"},
        {":", "refused"},
        {":::", "refused"},
        {":1", "refused"},
        {"1:", "refused"},
        {"::1:", "refused"},
        {"1::2::3", "refused"},
        {"1:2:3:4:5:6:7", "refused"},
        {"1:2:3:4:5:6:7:8:9", "refused"},
        {"1:2:3:4:5:6:7:8::", "refused"},
        {"::1:2:3:4:5:6:7:8", "refused"},
        {"1:2:3:4:5:6:7:1.2.3.4", "refused"},
        {"12345::", "refused"},
        {"g::", "refused"},
        {"::-1", "refused"},
        {"::1.2.3", "refused"},
        {"::1.2.3.4:5", "refused"},
        {"localhost", "refused"},
        {{"192.0.2.1\0", 10}, "refused"},
    };
    for (const auto& [text, expected] : table) {
        CAPTURE(std::string(text));
        CHECK(canonical(text) == expected);
        if (expected != "refused") CHECK(canonical(expected) == expected);
    }
}

TEST_CASE("random texts mean the same here as to inet_pton") {
    constexpr std::string_view pieces[] = {":",   "::", ".", "0",    "1",    "25",    "255",
                                           "256", "00", "f", "ffff", "abcd", "12345", "1.2.3.4"};
    std::mt19937 random(11);
    int accepted = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (auto left = random() % 16; left > 0; --left) text += pieces[random() % std::size(pieces)];
        IpAddress ours;
        IpAddress theirs{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
        const bool parsed = ::inet_pton(AF_INET, text.c_str(), theirs.data() + 12) == 1 ||
                            ::inet_pton(AF_INET6, text.c_str(), theirs.data()) == 1;
        CAPTURE(text);
        REQUIRE(parse_ip_address(text, ours) == parsed);
        if (parsed) REQUIRE(ours == theirs);
        accepted += parsed ? 1 : 0;
    }
    CHECK(accepted > 1000);
}

TEST_CASE("random addresses come back from their text, the longest too") {
    std::mt19937 random(12);
    for (int round = 0; round < 100'000; ++round) {
        IpAddress address;
        for (std::size_t group = 0; group < 8; ++group) {
            const auto value = random() % 3 == 0 ? random() : 0;
            address[2 * group] = static_cast<std::uint8_t>(value >> 8);
            address[2 * group + 1] = static_cast<std::uint8_t>(value);
        }
        std::array<char, ip_text_bytes> buffer;
        IpAddress back;
        REQUIRE(parse_ip_address(to_text(address, buffer), back));
        REQUIRE(back == address);
    }
}

}  // namespace outrigger
