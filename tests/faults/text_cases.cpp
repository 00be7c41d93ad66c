// E: texts that mean something to one of the sinks, in every field that takes text: each comes out as what it is.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/faults/catalogue.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {
namespace {

using nlohmann::json;

const std::vector<std::string>& evil() {
    static const std::vector<std::string> texts = {"a\nb",
                                                   "a|b:c#d,e@f",
                                                   "quote\"s' and `ticks`",
                                                   "back\\slash \\N \\.",
                                                   "\x1b[31m",
                                                   "../../etc/passwd",
                                                   "%0d%0aX: y",
                                                   "'; drop table request_log; --",
                                                   "{\"a\":1}",
                                                   "a\tb\rc",
                                                   "\u2028",
                                                   "\xf0\x9f\x92\xa3",
                                                   "${jndi:x}",
                                                   "<script>"};
    return texts;
}

// Each text from an emitter of its own, whose service it is, too.
void send_evil(World& world, const peers::Agent& agent) {
    for (std::size_t i = 0; i < evil().size(); ++i) {
        const std::string& text = evil()[i];
        std::string id = std::to_string(world.random()) + std::to_string(world.random());
        id.resize(32, '7');
        const json hello = {{"type", "hello"}, {"protocol", 1}, {"emitter", id},  {"first", 1},
                            {"service", text}, {"env", text},   {"version", text}};
        const json request = {{"path", "/evil/" + std::to_string(i)},
                              {"route", "/" + text},
                              {"method", text},
                              {"status", 200},
                              {"duration_us", 1},
                              {"message", text},
                              {"tags", {{"key", text}, {text, "value"}}},
                              {"error", {{"type", text}, {"message", text}, {"stack", text}}}};
        const json value = {
            {"type", "metric"}, {"kind", "count"}, {"name", "evil"}, {"value", 1}, {"tags", {{"tag", text}}}};
        const json key = {
            {"type", "metric"}, {"kind", "count"}, {"name", "evil_key"}, {"value", 1}, {"tags", {{text, "value"}}}};
        const json name = {{"type", "metric"}, {"kind", "count"}, {"name", text}, {"value", 1}};  // is refused
        peers::LineClient client(agent.socket());
        for (const json& line : {hello, request, value, key, name}) client.send(line.dump() + "\n");
        client.send("{\"type\":\"bye\"}\n");
        world.expect(client.closed_by_peer(5s), "E10: a bye is not heard");
    }
}

void expect_rows(World& world) {
    const auto rows = [&] {
        return world.postgres.query(
            "select route, message, tags->>'key', error_type, service, env, version from request_log where endpoint "
            "like '/evil/%' order by substr(endpoint, 7)::int");
    };
    world.expect(peers::eventually(10s, [&] { return rows().size() == evil().size(); }), "E10: not one row each");
    const auto found = rows();
    for (std::size_t i = 0; i < std::min(found.size(), evil().size()); ++i) {
        world.expect(found[i][0] == "/" + evil()[i], "E10: not byte for byte: /" + evil()[i]);
        for (std::size_t column = 1; column < found[i].size(); ++column)
            world.expect(found[i][column] == evil()[i], "E10: not byte for byte: " + evil()[i] + " in column " +
                                                            std::to_string(column) + ": " + found[i][column]);
        world.fired("texts that mean something to somebody");
    }
}

// A strict reader of each form finds each text as it was.
void expect_metrics(World& world) {
    for (const auto& scrape : {world.agent.scrape(), world.agent.scrape_openmetrics()})
        for (const std::string& text : evil()) {
            world.expect(scrape.sum("evil_total", {{"tag", text}}) == 1, "E10: metrics: no tag " + text);
            world.expect(scrape.sum("http_requests_total", {{"route", "/" + text}, {"service", text}}) == 1,
                         "E10: metrics: no route " + text);
        }
}

void expect_statsd(World& world, const peers::Datagrams& plain) {
    const auto all = static_cast<double>(evil().size());
    const auto of_names = [&](const std::string& begin) {
        double sum = 0;
        for (const auto& line : plain.lines()) {
            const auto parsed = peers::parse_statsd_line(line);
            if (parsed.name.starts_with(begin) && parsed.type == "c") sum += parsed.value;
        }
        return sum;
    };
    world.expect(peers::eventually(10s, [&] { return world.statsd().sum("evil") == all; }), "E10: StatsD: evil");
    world.expect(world.statsd().nonsense().empty(), "E10: StatsD got lines that are none");
    world.expect(peers::eventually(10s, [&] { return of_names("request_count") == all && of_names("evil") >= all; }),
                 "E10: plain StatsD: " + std::to_string(of_names("request_count")));
    world.expect(plain.nonsense().empty(), "E10: plain StatsD got lines that are none");
}

void expect_traces(World& world, const peers::FakeTraceAgent& traces) {
    const auto taken = [&](std::size_t i) { return traces.seen().accepted["/evil/" + std::to_string(i)]; };
    for (std::size_t i = 0; i < evil().size(); ++i) {
        world.expect(peers::eventually(10s, [&] { return taken(i) == 1; }), "E10: not one trace: " + evil()[i]);
        const auto meta = traces.kept("/evil/" + std::to_string(i));
        for (const char* key : {"key", "error.type", "error.message", "env", "version"}) {
            const auto found = meta.find(key);
            const std::string value = found == meta.end() ? "nothing" : found->second;
            world.expect(value == evil()[i], std::string("E10: traces: ") + key + " is " + value);
        }
    }
    world.expect(traces.seen().all_decodable, "E10: a payload cannot be read");
}

// What people read: one line each, and nothing that a terminal or a browser would do.
void expect_words(World& world) {
    const std::string log = world.agent.log();
    world.expect(std::ranges::none_of(log, [](char c) { return c != '\n' && static_cast<unsigned char>(c) < 0x20; }),
                 "E10: the log holds control characters");
    world.expect(!json::parse(world.agent.status(), nullptr, false).is_discarded(), "E10: /status is no JSON");
    world.expect(!peers::get(world.agent.port(), "/").body.contains("/<script>"), "E10: the page holds a script");
}

void injections(World& world) {
    auto& traces = world.keep<peers::FakeTraceAgent>();
    world.no_traces();
    traces.keep_meta_of("/evil/");
    world.agent.flags.insert(world.agent.flags.end(), {"--traces", traces.url(), "--log-level", "debug"});
    auto& folder = world.keep<peers::TemporaryFolder>();
    auto& plain_statsd = world.keep<peers::Datagrams>(folder / "plain.sock");
    auto& plain = world.keep<peers::Agent>(std::vector<std::string>{
        "--statsd", "unix://" + (folder / "plain.sock").string(), "--statsd-dialect", "plain"});
    plain.start();
    world.start();
    send_evil(world, world.agent);
    send_evil(world, plain);
    world.others_sent(evil().size());
    expect_rows(world);
    expect_metrics(world);
    expect_statsd(world, plain_statsd);
    expect_traces(world, traces);
    expect_words(world);
    plain.kill_hard();
}

}  // namespace

std::vector<Case> text_cases() {
    return {{"E10", "texts that mean something to a sink, in every field", Drops::none, injections}};
}

}  // namespace outrigger::faults
