#include "agent/books/readiness.h"

#include <doctest/doctest.h>

using namespace outrigger::books;

namespace {

constexpr std::int64_t now_us = 1'763'800'000'000'000;
constexpr std::int64_t second_us = 1'000'000;

Page page_of(const char* sink) {
    Page page;
    page.sink = sink;
    page.on = true;
    page.health.up = true;
    page.health.progress_us = now_us;
    return page;
}

std::string said(const std::vector<Page>& pages, const JournalHealth& journal = {}) {
    std::string all;
    for (const auto& problem : problems(pages, journal, now_us)) all += (all.empty() ? "" : "|") + problem;
    return all;
}

}  // namespace

TEST_CASE("an agent whose sinks are up and whose journal is durable is ready; a sink that is off does not matter") {
    Page off;
    off.sink = "statsd";
    CHECK(said({page_of("metrics"), off, page_of("rows")}) == "");
}

TEST_CASE("a sink that is down is named with the reason") {
    Page page = page_of("rows");
    page.health.up = false;
    CHECK(said({page}) == "rows: down");
    page.health.last_error = "connection refused";
    CHECK(said({page_of("metrics"), page}) == "rows: down: connection refused");
}

TEST_CASE("a sink that is up and delivers nothing while something is pending is not ready after ten seconds") {
    Page page = page_of("rows");
    page.balance.pending = 3;
    page.health.oldest_pending_us = now_us - 3600 * second_us;
    page.health.progress_us = now_us - 10 * second_us;
    CHECK(said({page}) == "");
    page.health.progress_us = now_us - 11 * second_us;
    CHECK(said({page}) == "rows: no progress for 11 s with 3 events pending");
    page.health.oldest_pending_us = now_us - second_us;  // and was idle before that
    CHECK(said({page}) == "");
    page.health.oldest_pending_us = now_us - 3600 * second_us;
    page.balance.pending = 0;
    CHECK(said({page}) == "");
}

TEST_CASE("books that differ are a problem, on either side") {
    Page page = page_of("metrics");
    page.balance.difference = -2;
    CHECK(said({page}) == "metrics: the books differ by -2");
}

TEST_CASE("a journal that is not durable, or keeps intake waiting for more than three seconds, says why") {
    CHECK(said({}, {.durable = false, .problem = "read-only", .waiting_since_us = 0}) ==
          "journal: not durable: read-only");
    CHECK(said({}, {.durable = true, .problem = "", .waiting_since_us = now_us - 3 * second_us}) == "");
    CHECK(said({}, {.durable = true, .problem = "disk", .waiting_since_us = now_us - 4 * second_us}) ==
          "journal: nothing could be kept for 4 s: disk");
}
