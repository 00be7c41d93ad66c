// Every column read back from a real Postgres as it was sent.
#include <doctest/doctest.h>

#include <array>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

TEST_CASE("rows: each column comes back as it was sent, with every awkward character") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    RowsSettings settings = settings_for(cluster);
    settings.retention = std::chrono::days(36'500);
    AgentLife life(folder.path(), {}, settings);
    constexpr std::string_view awkward = "tab\t line\nback\\ \\. quote\"' {}[], \x01\x1f\x7f é 漢 🛶 \\N";
    const std::array<Tag, 3> tags{Tag{"plan", "pro"}, Tag{awkward, awkward}, Tag{"empty", ""}};
    RequestEvent full;
    full.method = "PATCH";
    full.route = "/users/:id";
    full.path = awkward;
    full.status = 599;
    full.duration_us = INT64_MAX;
    full.start_us = std::int64_t{1'763'800'000'123'456};
    full.request_bytes = 0;
    full.response_bytes = INT64_MAX;
    full.client = "2001:db8::1";
    full.trace_id = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    full.span_id = 0xffff'ffff'ffff'fffe;
    full.message = awkward;
    full.error = {"std::runtime_error", "went wrong", "at main"};
    full.tags = tags;
    life.offer(full);
    RequestEvent bare;
    bare.status = 100;
    bare.client = "192.0.2.7";
    life.offer(bare);
    REQUIRE(all_stored(cluster, 2));

    const auto rows = cluster.query(R"(
        SELECT extract(epoch FROM "timestamp")::text, source_ip::text, endpoint, status_code, message, service, env,
            version, host, method, route, duration_us, request_bytes, response_bytes, trace_id, span_id, error_type,
            tags->>'plan', (SELECT value FROM jsonb_each_text(tags) WHERE key NOT IN ('plan', 'empty')),
            (SELECT key FROM jsonb_each_text(tags) WHERE key NOT IN ('plan', 'empty')), agent, "position"
        FROM request_log ORDER BY "position")");
    REQUIRE(rows.size() == 2);
    const std::string text(awkward);
    const std::vector<std::string> wanted{"1763800000.123456",
                                          "2001:db8::1/128",
                                          text,
                                          "599",
                                          text,
                                          "agent",
                                          "none",
                                          "1",
                                          "",
                                          "PATCH",
                                          "/users/:id",
                                          "9223372036854775807",
                                          "0",
                                          "9223372036854775807",
                                          "00112233-4455-6677-8899-aabbccddeeff",
                                          "-2",
                                          "std::runtime_error",
                                          "pro",
                                          text,
                                          text,
                                          "1"};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        CAPTURE(i);
        CHECK(rows[0][i] == wanted[i]);
    }
    CHECK(rows[1][1] == "192.0.2.7/32");
    CHECK(rows[1][2].empty());
    CHECK(rows[1][9] == "_OTHER");
    CHECK(rows[1][10] == "unmatched");
    const long absent = cluster.number(
        "SELECT count(*) FROM request_log WHERE status_code = 100 AND message IS NULL AND host IS NULL AND "
        "request_bytes IS NULL AND trace_id IS NULL AND span_id IS NULL AND error_type IS NULL AND tags IS NULL");
    CHECK(absent == 1);
}
