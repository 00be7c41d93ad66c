#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/request_log.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

std::string line_of_route(int number) {
    const std::string route = "/item/" + std::to_string(number);
    return R"({"method":"GET","route":")" + route + R"(","path":")" + route +
           "\",\"status\":200,\"duration_us\":1000}\n";
}

bool send_routes(const Agent& agent, int count) {
    LineClient client(agent.socket());
    std::string batch =
        R"({"type":"hello","protocol":1,"emitter":"00112233445566778899aabbccddeeff","first":1,"service":"scan"})"
        "\n";
    for (int i = 0; i < count; ++i) {
        batch += line_of_route(i);
        if (batch.size() < 60000 && i + 1 < count) continue;
        if (!client.send(batch)) return false;
        batch.clear();
    }
    return client.send("{\"type\":\"bye\"}\n");
}

constexpr int series_by_default = 10'000;

void check_many_routes(int count, int cap) {
    const PostgresCluster cluster;
    std::vector<std::string> flags{"--postgres", cluster.uri()};
    if (cap != series_by_default) flags.insert(flags.end(), {"--max-series", std::to_string(cap)});
    Agent agent(flags);
    agent.start();
    CHECK(send_routes(agent, count));

    CHECK(eventually(60s, [&] { return agent.scrape().sum("http_requests_total") == count; }));
    const Scrape scrape = agent.scrape();
    const auto series = static_cast<double>(scrape.all("http_requests_total").size());
    CHECK(series > 0.8 * cap);
    CHECK(series <= cap);
    CHECK(scrape.sum("outrigger_series") <= cap);
    CHECK(scrape.sum("http_requests_total", {{"route", "__other__"}}) == count - (series - 1));
    CHECK(scrape.sum("http_request_duration_seconds_count") == count);
    CHECK(scrape.sum("outrigger_series_overflow_total", {{"label", "route"}}) > 0);
    CHECK(book_problems(scrape).empty());
    CHECK(rows_reach(cluster, count, 60s));
    CHECK(balance(cluster).difference == 0);
    CAPTURE(agent.resident_kib());
    if (!sanitized()) CHECK(agent.resident_kib() < 64 * 1024);
}

TEST_CASE("20,000 distinct routes stay under the cap, and `__other__` makes the totals exact") {
    check_many_routes(20'000, 5'000);
}

TEST_SUITE_BEGIN("long");
TEST_CASE("200,000 distinct routes stay under the cap and within 64 MiB") {
    check_many_routes(200'000, series_by_default);
}
TEST_SUITE_END();

}  // namespace
}  // namespace outrigger::peers
