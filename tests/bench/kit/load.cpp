#include "tests/bench/kit/load.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "shared/record.h"
#include "tests/bench/kit/typical_request.h"

namespace outrigger::bench {
namespace {

std::string to_text(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_record(const RequestEvent& event) {
    const auto measured = measure(event);
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    return to_text(record);
}

std::string route_of(std::size_t i) {
    static const std::array<std::string, 10> usual = {
        "/users/:id/orders", "/users/:id", "/orders", "/orders/:id", "/login",
        "/simulation",       "/red",       "/green",  "/blue",       "/yellow"};
    return i < usual.size() ? usual[i] : "/users/:id/orders/" + std::to_string(i);
}

// What is too long for a message goes into a stack.
std::string sized_record(const std::string& route, std::size_t bytes) {
    const std::string text(bytes, 'x');
    RequestEvent event;
    event.method = "GET";
    event.route = route;
    event.status = 200;
    event.duration_us = 1234;
    event.message = std::string_view(text).substr(0, limits::message_bytes);
    event.error.stack = std::string_view(text).substr(event.message.size());
    return to_record(event);
}

std::string record(const std::string& route, const LoadShape& shape) {
    if (shape.message_bytes > 0) return sized_record(route, shape.message_bytes);
    RequestEvent event = typical_request();
    event.start_us.reset();
    event.route = route;
    return to_record(event);
}

std::string line(const std::string& route) {
    return R"({"method":"GET","route":")" + route +
           R"(","path":"/users/4711/orders?page=2","status":200,"duration_us":1234,"response_bytes":512,)"
           R"("client":"203.0.113.195","message":"served from the cache","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
           R"("span_id":"f0f067aa0ba902b7","parent_id":"f0f067aa0ba902b8","tags":{"plan":"pro","region":"eu-west"}})"
           "\n";
}

EmitterId random_id() {
    static std::random_device random;
    EmitterId id;
    std::ranges::generate(id, [] { return static_cast<std::uint8_t>(random()); });
    return id;
}

std::string to_hex(const EmitterId& id) {
    std::string text;
    for (const std::uint8_t byte : id)
        for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
    return text;
}

}  // namespace

Load make_load(Language language, const LoadShape& shape, std::size_t least_bytes) {
    Load load;
    while (load.bytes.size() < least_bytes || load.events % shape.routes != 0) {
        const std::string route = route_of(load.events++ % shape.routes);
        load.bytes += language == Language::records ? record(route, shape) : line(route);
    }
    return load;
}

std::string greeting(Language language) {
    if (language == Language::lines)
        return R"({"type":"hello","protocol":1,"emitter":")" + to_hex(random_id()) + R"(","service":"shop"})" + "\n";
    Hello hello;
    hello.identity.emitter = random_id();
    hello.identity.service = "shop";
    std::vector<std::byte> bytes;
    append(bytes, hello);
    return std::string(record_magic.data(), record_magic.size()) + to_text(bytes);
}

std::string typical_record() { return to_record(typical_request()); }

}  // namespace outrigger::bench
