// E: what comes over the socket is too long, no line, no record, has numbers that cannot be. The neighbours go on.
#include <array>
#include <nlohmann/json.hpp>

#include "shared/protocol.h"
#include "shared/record.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/neighbours.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {
namespace {

using nlohmann::json;
using peers::LineClient;

double turned_away(const World& world, const std::string& reason) {
    return world.agent.scrape().sum("outrigger_turned_away_total", {{"reason", reason}});
}

double refused(const World& world) { return world.agent.scrape().sum("outrigger_events_refused_total"); }

std::string_view text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void giants(World& world) {
    world.start();
    const auto before = world.agent.resident_kib();
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 8; ++i) {
        LineClient client(world.agent.socket());
        client.send(R"({"path":")");
        for (int piece = 0; piece < 20 && client.send(megabyte); ++piece) {
        }
        world.fired("endless lines", client.closed_by_peer(3s) ? 1 : 0);
    }
    for (const std::uint32_t length : {0U, 1U, 4U, 0x10001U, 0x7fffffffU, 0xffffffffU}) {
        LineClient client(world.agent.socket());
        std::string bytes(record_magic.data(), record_magic.size());
        bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
        bytes.append(1000, '\1');
        client.send(bytes);
        world.fired("impossible lengths", client.closed_by_peer(3s) ? 1 : 0);
    }
    world.expect(world.agent.resident_kib() - before < 16 * 1024, "E5: memory grew");
}

void nonsense(World& world) {
    const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
    std::string many = "{";
    for (int i = 0; i < 5000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
    many += "\"status\":1}";
    const std::vector<std::string> lines = {
        "not json",
        "[]",
        "1",
        "\"x\"",
        "{",
        "}",
        deep,
        "{\"a\":" + deep + "}",
        many,
        R"({"status":1e999,"duration_us":1})",
        R"({"status":NaN,"duration_us":1})",
        R"({"status":200,"duration_us":-1})",
        R"({"status":200,"duration_us":18446744073709551616})",
        R"({"status":"200","duration_us":1})",
        R"({"status":200,"duration_us":1,"message":"\ud800"})",
        "{\"status\":200,\"duration_us\":1,\"message\":\"\xff\xfe\"}",
        "{\"status\":200,\"duration_us\":1,\"message\":\"\xed\xa0\x80\"}",
        R"({"type":"metric","kind":"count","name":"x y","value":1})",
        R"({"type":"metric","kind":"count","name":"http_requests_total","value":1})",
        R"({"type":"metric","kind":"gauge","name":"g","value":1e400})",
        R"({"type":"nonsense"})",
        "\x01\x02\x03",
        R"({"status":200})",
        R"({"duration_us":1})",
        std::string("{\"status\":200\0}", 15)};
    world.start(Shape::l5);
    const double before = refused(world);
    std::uint64_t sent = 0;
    for (int round = 0; round < 8; ++round) {
        LineClient client(world.agent.socket());
        client.send("{\"status\":200,\"duration_us\":1,\"path\":\"/neighbour\"}\n");
        for (const auto& line : lines) {
            client.send(line + "\n");
            ++sent;
            client.send("{\"status\":200,\"duration_us\":1,\"path\":\"/neighbour\"}\n");
        }
        client.send("{\"type\":\"bye\"}\n");
        world.expect(client.closed_by_peer(5s), "E6: a bye is not heard");
    }
    world.fired("lines of nonsense", sent);
    world.expect(peers::eventually(5s, [&] { return refused(world) - before == static_cast<double>(sent); }),
                 "E6: " + std::to_string(refused(world) - before) + " of " + std::to_string(sent) + " were refused");
    const long neighbours = 8 * static_cast<long>(lines.size() + 1);
    world.others_sent(static_cast<std::uint64_t>(neighbours));
    world.expect(peers::eventually(10s,
                                   [&] {
                                       return world.postgres.number(
                                                  "select count(*) from request_log where endpoint = '/neighbour'") ==
                                              neighbours;
                                   }),
                 "E6: a neighbour of nonsense is missing");
}

// A stream of records with some bits turned and some bytes gone, in pieces of any size.
void damaged_streams(World& world) {
    world.start();
    for (int round = 0; round < 300; ++round) {
        std::vector<std::byte> bytes;
        for (const char c : record_magic) bytes.push_back(static_cast<std::byte>(c));
        Hello hello;
        for (auto& byte : hello.identity.emitter) byte = static_cast<std::uint8_t>(world.from(0, 255));
        hello.first = 1;
        append(bytes, hello);
        for (int i = 0; i < 20; ++i) {
            RequestEvent event;
            event.path = "/fuzz";
            event.route = "/fuzz";
            event.status = 200;
            const auto measured = measure(event);
            bytes.resize(bytes.size() + measured->length);
            write(event, *measured, bytes.data() + bytes.size() - measured->length);
        }
        for (int i = world.from(1, 6); i > 0; --i) {
            const auto at = static_cast<std::size_t>(world.from(0, static_cast<int>(bytes.size()) - 1));
            bytes[at] ^= static_cast<std::byte>(1 << world.from(0, 7));
        }
        if (round % 3 == 0) bytes.resize(static_cast<std::size_t>(world.from(1, static_cast<int>(bytes.size()))));
        LineClient client(world.agent.socket());
        for (std::string_view left = text_of(bytes); !left.empty();) {
            const auto piece = std::min(left.size(), static_cast<std::size_t>(world.from(1, 400)));
            if (!client.send(left.substr(0, piece))) break;
            left.remove_prefix(piece);
        }
    }
    for (const char* reason : {"broken_frame", "bad_language"})
        world.fired(std::string("damaged streams turned away, ") + reason,
                    static_cast<std::uint64_t>(turned_away(world, reason)));
    world.others_drop = true;  // totals of drops are in some of them, and gaps
    world.others_sent_some();
}

void impossible_totals(World& world) {
    double before = 0;
    for (int i = 0; i < 6; ++i) {
        LineClient client(world.agent.socket());
        client.send(R"({"type":"hello","protocol":1,"emitter":"e8)" + std::string(29, '0') + std::to_string(i) +
                    "\"}\n");
        client.receive(5s);
        client.send("{\"type\":\"dropped\",\"reason\":\"other\",\"total\":9223372036854775807}\n");
        world.expect(client.receive(5s).value_or("").find("out_of_range") != std::string::npos,
                     "E8: a total that cannot be is taken");
        client.send("{\"type\":\"dropped\",\"reason\":\"other\",\"total\":4611686018427387904}\n");
        client.receive(5s);
        const double now = world.agent.scrape().sum("outrigger_emitter_dropped_events_total", {{"reason", "other"}});
        world.expect(now >= before, "E8: a counter falls");
        before = now;
        world.fired("totals as great as may be");
    }
    world.expect(peers::eventually(5s,
                                   [&] {
                                       return world.agent.scrape().sum("outrigger_emitter_dropped_events_total",
                                                                       {{"reason", "other"}}) >= 0x1p64;
                                   }),
                 "E8: totals are not counted");
}

void numbers(World& world) {
    world.agent.flags.insert(world.agent.flags.end(), {"--socket-mode", "0666"});
    world.start();
    take_an_id(world);
    const std::string id = "e8e8e8e8e8e8e8e8e8e8e8e8e8e8e8e8";
    const auto hello = [&](const std::string& first) {
        return R"({"type":"hello","protocol":1,"emitter":")" + id + R"(","first":)" + first + "}\n";
    };
    const std::string line = "{\"status\":200,\"duration_us\":1,\"path\":\"/numbers\"}\n";
    const auto next = [&](const std::string& first, int lines) {
        LineClient client(world.agent.socket());
        client.send(hello(first));
        const auto answer = json::parse(client.receive(5s).value_or("{}"), nullptr, false);
        world.fired("replays, gaps and impossible numbers answered", answer.contains("type") ? 1 : 0);
        for (int i = 0; i < lines; ++i) client.send(line);
        client.send("{\"type\":\"bye\"}\n");
        client.closed_by_peer(5s);
        return answer.value("type", "") == "welcome" ? answer.value("next", std::uint64_t{0}) : 0;
    };
    world.expect(next("1", 5) == 1, "E8: first");
    for (int i = 0; i < 5; ++i) world.expect(next("1", 0) == 6, "E8: a replay is not told to go on behind it");
    world.expect(next("6", 2) == 6, "E8: the next");
    world.expect(next("3", 1) == 8, "E8: a number that goes back");
    for (const char* first :
         {"0", "-1", "18446744073709551615", "4611686018427387905", "9000000000000000000", "1.5", "\"1\""})
        world.expect(next(first, 3) == 0, std::string("E8: a first of ") + first + " is welcome");
    world.expect(next("100", 1) == 100, "E8: a gap");
    world.expect(
        peers::eventually(
            10s,
            [&] { return world.postgres.number("select count(*) from request_log where endpoint = '/numbers'") == 9; }),
        "E8: not exactly 9 rows");
    world.others_sent(9);
    world.expect(world.agent.scrape().sum("outrigger_emitter_dropped_events_total", {{"reason", "gap"}}) == 91,
                 "E8: the gap is not counted");
    impossible_totals(world);
    world.others_drop = true;
}

}  // namespace

std::vector<Case> stream_cases() {
    return {
        {"E5", "endless lines and impossible lengths", Drops::none, giants},
        {"E6", "lines of nonsense", Drops::none, nonsense},
        {"E7", "damaged streams of records, in pieces", Drops::none, damaged_streams},
        {"E8", "numbers that repeat, go back, jump, or cannot be", Drops::none, numbers},
    };
}

}  // namespace outrigger::faults
