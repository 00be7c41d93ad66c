#include "agent/settings/values.h"

#include <doctest/doctest.h>

#include <limits>

using namespace outrigger::settings;
using namespace std::chrono_literals;

namespace {

template <class Value>
struct Accepted {
    const char* text;
    Value value;
};

}  // namespace

TEST_CASE("sizes are bytes or whole KiB, MiB, GiB, and do not wrap") {
    for (const auto& [text, value] :
         std::vector<Accepted<std::uint64_t>>{{"0", 0},
                                              {"123", 123},
                                              {"4KiB", 4096},
                                              {"64MiB", 64ULL << 20},
                                              {"1GiB", 1ULL << 30},
                                              {"9223372036854775807", 9223372036854775807}}) {
        CAPTURE(std::string(text));
        CHECK(to_bytes(text) == value);
    }
    for (const char* text : {"", "GiB", "1 GiB", "1gib", "1GB", "1G", "1.5GiB", "-1", "+1", "0x10", "1GiBs", " 1", "1 ",
                             "9223372036854775808", "17179869184GiB", "99999999999999999999"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_bytes(text));
    }
    CHECK(show_bytes(1ULL << 30) == "1GiB");
    CHECK(show_bytes(1536ULL << 20) == "1536MiB");
    CHECK(show_bytes(1025) == "1025");
    CHECK(show_bytes(0) == "0");
}

TEST_CASE("durations are whole numbers with a unit") {
    for (const auto& [text, value] : std::vector<Accepted<std::chrono::milliseconds>>{
             {"1ms", 1ms}, {"2s", 2s}, {"10m", 10min}, {"3h", 3h}, {"1d", 24h}, {"0s", 0s}}) {
        CAPTURE(std::string(text));
        CHECK(to_duration(text) == value);
    }
    for (const char* text : {"", "10", "m", "1.5s", "-1s", "1 s", "1S", "1h30m", "1min", "99999999999999999999d",
                             "9223372036854775807s"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_duration(text));
    }
    for (const auto& [text, value] : std::vector<Accepted<std::chrono::milliseconds>>{
             {"10m", 600s}, {"1d", 24h}, {"25h", 25h}, {"1500ms", 1500ms}, {"90s", 90s}, {"0ms", 0ms}}) {
        CHECK(show_duration(value) == text);
    }
}

TEST_CASE("a mode is octal, and never locks its owner out") {
    CHECK(to_mode("0660") == mode_t{0660});
    CHECK(to_mode("660") == mode_t{0660});
    CHECK(to_mode("0777") == mode_t{0777});
    for (const char* text : {"", "0", "0060", "0460", "0260", "1777", "01777", "0o660", "668", "rw", "-660", "00660"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_mode(text));
    }
}

TEST_CASE("a listening address is an address and a port") {
    using Address = std::pair<std::string, std::uint16_t>;
    for (const auto& [text, value] :
         std::vector<Accepted<Address>>{{"127.0.0.1:9464", {"127.0.0.1", std::uint16_t{9464}}},
                                        {"0.0.0.0:0", {"0.0.0.0", std::uint16_t{0}}},
                                        {"[::1]:9464", {"::1", std::uint16_t{9464}}},
                                        {"[::]:65535", {"::", std::uint16_t{65535}}},
                                        {"localhost:80", {"127.0.0.1", std::uint16_t{80}}}}) {
        CAPTURE(std::string(text));
        CHECK(to_listen_address(text) == value);
    }
    for (const char* text : {"",
                             ":9464",
                             "9464",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:x",
                             "127.0.0.1:80:80",
                             "::1:9464",
                             "[::1]",
                             "[::1:80",
                             "[]:80",
                             "[127.0.0.1]:80",
                             "example.com:80",
                             "256.0.0.1:80",
                             "http://127.0.0.1:80",
                             "127.0.0.1:80/",
                             "*:80",
                             "[::1]9464",
                             "]:80"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_listen_address(text));
    }
}

TEST_CASE("StatsD goes to a UDP port or a Unix datagram socket") {
    for (const auto& [text, value] :
         std::vector<Accepted<StatsdTarget>>{{"udp://localhost:9125", UdpTarget{"localhost", 9125}},
                                             {"udp://statsd-exporter", UdpTarget{"statsd-exporter", 8125}},
                                             {"udp://[::1]:8125", UdpTarget{"::1", 8125}},
                                             {"unix:///run/dsd.socket", UnixTarget{"/run/dsd.socket"}},
                                             {"unixgram:///run/dsd.socket", UnixTarget{"/run/dsd.socket"}}}) {
        CAPTURE(std::string(text));
        CHECK(to_statsd_target(text) == value);
    }
    for (const char* text :
         {"", "localhost:8125", "udp://", "udp://:8125", "udp://h:0", "udp://h:65536", "udp://h:", "udp://u:p@h:8125",
          "udp://h:1/", "tcp://h:8125", "http://h:8125", "unix://", "unix:///", "unix://relative",
          "unixstream:///run/dsd.socket", "UDP://h:1", "udp://-h:1", "udp://h h"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_statsd_target(text));
    }
    CHECK_FALSE(to_statsd_target("unix:///" + std::string(107, 'x')));
    CHECK(to_statsd_target("unix:///" + std::string(106, 'x')));
    CHECK(show_target(StatsdTarget(UdpTarget{"::1", 8125})) == "udp://[::1]:8125");
    CHECK(show_target(StatsdTarget(UnixTarget{"/a"})) == "unix:///a");
}

TEST_CASE("traces go to an HTTP port or a Unix socket") {
    for (const auto& [text, value] : std::vector<Accepted<TracesTarget>>{
             {"http://datadog:8126", HttpTarget{"datadog", 8126}},
             {"http://datadog", HttpTarget{"datadog", 8126}},
             {"http://10.0.0.1:1/", HttpTarget{"10.0.0.1", 1}},
             {"http://[fe80::1]:8126", HttpTarget{"fe80::1", 8126}},
             {"unix:///var/run/datadog/apm.socket", UnixTarget{"/var/run/datadog/apm.socket"}}}) {
        CAPTURE(std::string(text));
        CHECK(to_traces_target(text) == value);
    }
    for (const char* text :
         {"", "datadog:8126", "http://", "http:///", "http://h:0", "http://h:8126/v0.4", "https://h:8126",
          "http://u:p@h:8126", "http://h?x=1", "http://h:1//", "unix://", "http+unix://%2Fa"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_traces_target(text));
    }
    CHECK(show_target(TracesTarget(HttpTarget{"::1", 8126})) == "http://[::1]:8126");
}

TEST_CASE("StatsD's two metrics have two names") {
    CHECK(to_statsd_names("requests,latency") == StatsdNames{"requests", "latency"});
    CHECK(to_statsd_names("app.requests,app.latency") == StatsdNames{"app.requests", "app.latency"});
    for (const char* text : {"", ",", "a", "a,", ",b", "a,a", "a,b,c", "a b,c", "a:b,c", "1a,b", "a|c,b", ".a,b"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_statsd_names(text));
    }
}

TEST_CASE("users and groups are numbers or names that exist") {
    CHECK(to_users("0,1000") == std::vector<uid_t>{0, 1000});
    CHECK(to_users("root") == std::vector<uid_t>{0});
    CHECK(to_groups("root,4294967294") == std::vector<gid_t>{0, 4294967294});
    CHECK(show_ids({0, 1000}) == "0,1000");
    for (const char* text : {"", ",", "0,", "no such user", "-1", "4294967295", "0 1"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_users(text));
        CHECK_FALSE(to_groups(text));
    }
}

TEST_CASE("buckets are positive, finite and ascend") {
    CHECK(to_buckets("0.1") == std::vector{0.1});
    CHECK(to_buckets(".005,1,2.5e1") == std::vector{.005, 1.0, 25.0});
    for (const char* text :
         {"", ",", "1,", "0", "-1", "1,1", "2,1", "inf", "1,+Inf", "nan", "1;2", "1, 2", "1s", "1e999"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_buckets(text));
    }
    std::string many = "1";
    for (int i = 2; i <= 100; ++i) many += "," + std::to_string(i);
    CHECK(to_buckets(many));
    CHECK_FALSE(to_buckets(many + ",101"));
    const Settings standard;
    CHECK(to_buckets(show_buckets(standard.buckets)) == standard.buckets);
}

TEST_CASE("tag labels are label names that nothing else uses") {
    CHECK(to_tag_labels("plan,Region_2,_x") == std::vector<std::string>{"plan", "Region_2", "_x"});
    for (const char* text : {"",
                             ",",
                             "a,",
                             "a,a",
                             "a b",
                             "1a",
                             "a-b",
                             "a.b",
                             "ü",
                             "__a",
                             "le",
                             "quantile",
                             "service",
                             "route",
                             "method",
                             "status",
                             "path",
                             "endpoint",
                             "env",
                             "version",
                             "service_name",
                             "http_route",
                             "http_request_method",
                             "http_response_status_code"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(to_tag_labels(text));
    }
    CHECK(to_tag_labels(std::string(64, 'a')));
    CHECK_FALSE(to_tag_labels(std::string(65, 'a')));
    std::string many = "t1";
    for (int i = 2; i <= 32; ++i) many += ",t" + std::to_string(i);
    CHECK(to_tag_labels(many));
    CHECK_FALSE(to_tag_labels(many + ",t33"));
}
