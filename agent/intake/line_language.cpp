#include "agent/intake/line_language.h"

#include <cstring>
#include <string>

namespace outrigger::intake {

namespace {

void say(Connection& connection, std::string_view line) {
    const auto* bytes = reinterpret_cast<const std::byte*>(line.data());
    connection.output.insert(connection.output.end(), bytes, bytes + line.size());
}

// `seq` is the number the line took; without one, `line` is its number on this connection.
void answer_refused(Connection& connection, bool numbered, const Refused& refused) {
    if (connection.output.size() > output_limit) return;
    // Static text of ours, in which nothing wants an escape: by the JSON library, a refusal cost more than the line.
    std::string answer;
    answer.reserve(256);
    answer.append(R"({"type":"refused",)").append(numbered ? R"("seq":)" : R"("line":)");
    answer += std::to_string(numbered ? connection.sender.sent : connection.lines);
    answer.append(R"(,"reason":")").append(to_string(refused.reason)).append(R"(","detail":")").append(refused.field);
    if (!refused.accepted.empty()) answer.append(": ").append(refused.accepted);
    say(connection, answer.append("\"}\n"));
}

void refuse(Connection& connection, Admission& admission, const Refused& refused) {
    admission.refuse(connection.sender, refused.reason);
    answer_refused(connection, connection.sender.emitter != nullptr, refused);
}

void refuse_unnumbered(Connection& connection, Admission& admission, const Refused& refused) {
    admission.refuse_unnumbered(refused.reason);
    answer_refused(connection, false, refused);
}

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

Consumed LineLanguage::take(Connection& connection, Admission& admission, Bytes bytes) {
    Consumed consumed;
    std::uint64_t lines = 0;
    while (admission.has_room() && !consumed.close && !connection.said_bye) {
        const Bytes rest = bytes.subspan(consumed.bytes);
        if (rest.empty()) break;
        const auto* newline = static_cast<const std::byte*>(std::memchr(rest.data(), '\n', rest.size()));
        const std::size_t length = newline == nullptr ? rest.size() : static_cast<std::size_t>(newline - rest.data());
        if (length > limits::line_bytes) {
            ++lines;
            ++connection.lines;
            refuse(connection, admission, {Refusal::too_long, "line", "at most 65536 bytes"});
            consumed.close = true;
            break;
        }
        if (newline == nullptr) break;
        const std::string_view line(reinterpret_cast<const char*>(rest.data()), length);
        consumed.bytes += length + 1;
        ++connection.lines;
        if (blank(line)) continue;
        ++lines;
        consumed.close = !take_line(connection, admission, line);
    }
    admission.counters().lines.fetch_add(lines, std::memory_order_relaxed);
    return consumed;
}

void LineLanguage::take_rest(Connection& connection, Admission& admission, Bytes rest) {
    const std::string_view line(reinterpret_cast<const char*>(rest.data()), rest.size());
    if (connection.sender.emitter != nullptr || blank(line) || line.size() > limits::line_bytes) return;
    ++connection.lines;
    admission.counters().lines.fetch_add(1, std::memory_order_relaxed);
    take_line(connection, admission, line);
}

bool LineLanguage::take_line(Connection& connection, Admission& admission, std::string_view line) {
    const JsonLine& parsed = parser_.parse(line);
    using What = JsonLine::What;
    switch (parsed.what) {
        case What::hello:
            return take_hello(connection, admission, parsed.hello);
        case What::bye:
            connection.said_bye = true;
            return true;
        case What::request:
            take_request(connection, admission, parsed.request);
            break;
        case What::metric:
            take_metric(connection, admission, parsed.metric);
            break;
        case What::dropped:
            if (connection.sender.emitter != nullptr)
                admission.drop_total(connection.sender, parsed.dropped.reason, parsed.dropped.total, true);
            else
                refuse(connection, admission, {Refusal::unexpected, "dropped", "only after a hello"});
            break;
        case What::refused:
            if (parsed.refused.reason == Refusal::bad_hello) {
                refuse_unnumbered(connection, admission, parsed.refused);
                return false;
            }
            refuse(connection, admission, parsed.refused);
            break;
    }
    connection.started = true;
    return true;
}

bool LineLanguage::take_hello(Connection& connection, Admission& admission, const Hello& hello) {
    if (connection.started || connection.sender.emitter != nullptr) {
        refuse_unnumbered(connection, admission, {Refusal::unexpected, "hello", "one hello, before any other line"});
        return true;
    }
    if (admission.comes_too_late(connection.uid, hello.identity.emitter)) return connection.said_bye = true;
    Identity identity = hello.identity;
    identity.uid = connection.uid;
    if (const auto welcome = admission.hello(connection.sender, identity, hello.first); !welcome) {
        refuse_unnumbered(connection, admission, welcome.error());
        return false;
    }
    connection.acknowledged = connection.sender.kept;
    const Emitter& emitter = *connection.sender.emitter;
    if (admission.is_kept(emitter.batch))
        LineLanguage::welcome(connection, emitter.next);
    else
        connection.welcome = {emitter.next, emitter.batch};
    return true;
}

void LineLanguage::take_request(Connection& connection, Admission& admission, const RequestEvent& event) {
    const auto measured = measure(event);
    if (!measured) return refuse(connection, admission, measured.error());
    write(event, *measured, admission.request(connection.sender, event, measured->length));
}

void LineLanguage::take_metric(Connection& connection, Admission& admission, const MetricEvent& event) {
    const auto measured = measure(event);
    if (!measured) return refuse(connection, admission, measured.error());
    record_.resize(measured->length);
    write(event, *measured, record_.data());
    const auto view = MetricView::parse(record_);
    if (!view) return refuse(connection, admission, view.error());
    if (const auto admitted = admission.metric(connection.sender, *view, record_); !admitted)
        refuse(connection, admission, admitted.error());
}

void LineLanguage::welcome(Connection& connection, std::uint64_t next) {
    say(connection, R"({"type":"welcome","protocol":1,"next":)" + std::to_string(next) + R"(,"max_line":)" +
                        std::to_string(limits::line_bytes) + "}\n");
}

void LineLanguage::acknowledge(Connection& connection, std::uint64_t number) {
    say(connection, R"({"type":"ack","seq":)" + std::to_string(number) + "}\n");
}

}  // namespace outrigger::intake
