// A table that teaches the grammar, and properties: whatever an app says, lines are legal and stand for every event.
#include "agent/sinks/statsd/lines.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <vector>

#include "agent/fold/series_key.h"
#include "shared/utf8.h"
#include "tests/unit/agent/sinks/statsd/deltas.h"
#include "tests/unit/agent/sinks/statsd/legal_line.h"

using namespace outrigger;
using statsd::Naming;
using statsd::Piece;
using test::MadeDeltas;

namespace {

std::vector<std::string> lines(const fold::Deltas& deltas, const Naming& naming = {}) {
    std::vector<std::string> out;
    statsd::render(deltas, naming, 1432, [&](std::string_view text, const Piece&) { out.emplace_back(text); });
    return out;
}

// As one text, so that a failure shows it.
std::string text_of(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
}

Naming plain() {
    Naming naming;
    naming.plain = true;
    return naming;
}

}  // namespace

TEST_CASE("a request series becomes a counter line, and a latency line for each value with its weight") {
    MadeDeltas made;
    auto& delta = made.request({"shop", "prod", "1.0.3"}, {200, "GET", "shop", "/users/<int:id>"});
    MadeDeltas::observe(delta, 1'000'000, 3);
    MadeDeltas::observe(delta, 0);
    SUBCASE("with tags") {
        const std::string tags = "|#service:shop,env:prod,version:1.0.3,method:GET,endpoint:/users/<int:id>,status:200";
        CHECK(text_of(lines(made.deltas)) == text_of({
                                                 "request_count:4|c" + tags,
                                                 "request_latency_seconds:0|d" + tags,
                                                 "request_latency_seconds:0.99325|d|@0.33333333333333326" + tags,
                                             }));
    }
    SUBCASE("plain: everything in the name, times in milliseconds") {
        CHECK(text_of(lines(made.deltas, plain())) ==
              text_of({
                  "request_count.shop.GET._users__int_id_.200:4|c",
                  "request_latency_seconds.shop.GET._users__int_id_.200:0|ms",
                  "request_latency_seconds.shop.GET._users__int_id_.200:993.25|ms|@0.33333333333333326",
              }));
    }
    SUBCASE("under other names") {
        Naming naming;
        naming.count = "hits";
        naming.latency = "took.seconds";
        CHECK(lines(made.deltas, naming)[0].starts_with("hits:4|c|#"));
        CHECK(lines(made.deltas, naming)[1].starts_with("took.seconds:0|d|#"));
    }
}

TEST_CASE("a tag without a value is left out, an empty component of a plain name is _") {
    MadeDeltas made;
    MadeDeltas::observe(made.request({"", "", ""}, {404, "GET", "", "unmatched"}), 1);
    CHECK(lines(made.deltas)[0] == "request_count:1|c|#method:GET,endpoint:unmatched,status:404");
    CHECK(lines(made.deltas, plain())[0] == "request_count._.GET.unmatched.404:1|c");
}

TEST_CASE("a value that came more often than 10,000 times takes several lines, and none stands for more") {
    MadeDeltas made;
    MadeDeltas::observe(made.request({"shop", "", ""}, {200, "GET", "shop", "/"}), 5'000, 25'001);
    const auto all = lines(made.deltas);
    REQUIRE(all.size() == 4);
    CHECK(all[0].starts_with("request_count:25001|c"));
    CHECK(all[1] == all[2]);
    CHECK(all[1].contains("|@0.00009999999999999999|#"));
    CHECK(all[3].contains("|@0.00019996000799"));
}

TEST_CASE("custom metrics keep name and kind, with their own tags and the app's") {
    MadeDeltas made;
    made.custom(MetricKind::count, "orders", R"(service="shop",plan="a|b\\\"\n")").sum.part = 2.5;
    made.custom(MetricKind::gauge, "queue", R"(service="shop",env="mine")").gauge = 7;
    made.custom(MetricKind::gauge, "below", R"(service="shop")").gauge = -7;
    auto& sizes = made.custom(MetricKind::histogram, "size", R"(service="shop")");
    sizes.values.add(4);
    sizes.negatives.add(4, 2);
    SUBCASE("with tags") {
        CHECK(text_of(lines(made.deltas)) == text_of({
                                                 "orders:2.5|c|#service:shop,plan:a_b\\\"_,env:prod,version:1",
                                                 "queue:7|g|#service:shop,env:mine,version:1",
                                                 "below:0|g|#service:shop,env:prod,version:1\n"
                                                 "below:-7|g|#service:shop,env:prod,version:1",
                                                 "size:3.9567|d|#service:shop,env:prod,version:1",
                                                 "size:-3.9567|d|@0.49999999999999994|#service:shop,env:prod,version:1",
                                             }));
    }
    SUBCASE("plain") {
        CHECK(text_of(lines(made.deltas, plain())) == text_of({
                                                          "orders.shop.a_b___:2.5|c",
                                                          "queue.shop.mine:7|g",
                                                          "below.shop:0|g\nbelow.shop:-7|g",
                                                          "size.shop:3.9567|ms",
                                                          "size.shop:-3.9567|ms|@0.49999999999999994",
                                                      }));
    }
}

TEST_CASE("any bytes in any field give legal lines that fit a packet, in both dialects, and stand for every event") {
    std::mt19937 random(7);
    const auto any_text = [&](std::size_t most) {
        static const std::string sharp = "|,#@:\n\r \t\"\\=\x01\x7f\xc3\x28\xff";
        std::string out(random() % (most + 1), '\0');
        const bool nasty = random() % 2 == 0;
        for (char& c : out) c = nasty ? sharp[random() % sharp.size()] : static_cast<char>(random());
        return out;
    };
    for (int round = 0; round < 100; ++round) {
        MadeDeltas made;
        std::uint64_t events = 0;
        for (int each = 0; each < 3; ++each) {
            const std::string service = any_text(256);
            const std::string method = any_text(16);
            const std::string route = any_text(256);
            auto& delta = made.request({service, any_text(256), any_text(256)},
                                       {static_cast<std::uint16_t>(random() % 600), method, service, route});
            const std::uint64_t count = random() % 30'000;
            MadeDeltas::observe(delta, random() % 100'000'000, count);
            MadeDeltas::observe(delta, 0, 1);
            events += count + 1;
        }
        for (const auto kind : {MetricKind::count, MetricKind::gauge, MetricKind::histogram}) {
            std::vector<std::pair<std::string, std::string>> tags;
            for (auto tag = random() % 33; tag > 0; --tag) tags.emplace_back("k" + std::to_string(tag), any_text(256));
            auto& delta = made.custom(kind, "a_name", test::rendered(tags));
            delta.gauge = static_cast<double>(random()) - 2e9;
            delta.sum.part = static_cast<double>(random()) / 3;
            delta.values.add(static_cast<double>(random() % 1000), 7);
        }
        for (const bool is_plain : {false, true}) {
            Naming naming;
            naming.plain = is_plain;
            std::uint64_t counted = 0, timed = 0;
            statsd::render(made.deltas, naming, 1432, [&](std::string_view text, const Piece& piece) {
                REQUIRE(text.size() <= 1432);
                REQUIRE(utf8::is_clean(text));
                REQUIRE(test::all_legal(text, is_plain));
                if (piece.of == Piece::Of::count) counted += piece.events;
                if (piece.of == Piece::Of::latency) timed += piece.events;
            });
            REQUIRE(counted == events);
            REQUIRE(timed == events);
        }
    }
}
