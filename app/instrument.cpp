#include "app/instrument.h"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "app/failure.h"
#include "app/trace.h"
#include "app/translate.h"
#include "shared/trace_ids.h"

namespace outrigger::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// What is known of the request that this thread is serving. cpp-httplib's hooks hand no such thing from one to the
// next, and serve a request from end to end on one thread.
struct Exchange {
    bool begun = false;
    bool recorded = true;  // false: this one is not to be
    steady_clock::time_point began;
    system_clock::time_point began_at;
    std::string client;
    std::string_view route;
    std::optional<RequestTrace> trace;  // once somebody asked
    Reply reply;
    IdSource ids;
    std::string head_lines;  // of the answer, also after its end

    void begin() {
        begun = true;
        head_lines.clear();
        began = steady_clock::now();
        began_at = system_clock::now();
    }

    Times times() const {
        return {duration_cast<microseconds>(began_at.time_since_epoch()).count(),
                duration_cast<microseconds>(steady_clock::now() - began).count()};
    }

    const RequestTrace& trace_for(const httplib::Request& request) {
        if (!trace) trace = trace_of(request, ids, duration_cast<seconds>(began_at.time_since_epoch()).count());
        return *trace;
    }

    void end() {
        begun = false;
        recorded = true;
        client.clear();
        route = {};
        trace.reset();
        reply.message.clear();
        reply.error.reset();
        reply.spans.clear();
    }
};

thread_local Exchange exchange;

void answer(httplib::Response& response, Reply reply) {
    response.status = reply.status;
    response.body = std::move(reply.body);
    response.set_header("Content-Type", reply.content_type);
    exchange.reply = std::move(reply);
}

void answer_uncaught(httplib::Response& response, const std::exception_ptr& error) {
    auto failure = describe(error);
    Reply reply;
    reply.status = 500;
    reply.body = "Internal Server Error";
    reply.message = failure.message;
    reply.error = std::move(failure);
    answer(response, std::move(reply));
}

void record_exchange(Exchange& current, const RecordRequest& record, const httplib::Request& request,
                     const httplib::Response& response) {
    const auto times = current.times();
    const RequestTrace& trace = current.trace_for(request);
    const auto traceparent = to_traceparent(trace);
    current.head_lines.append("traceparent: ").append(traceparent.data(), traceparent.size()).append("\r\n");

    const CallerTags said{trace};
    const SpanViews children{current.reply.spans};
    const std::string_view client = current.client.empty() ? request.remote_addr : current.client;
    record(to_event(request, response, {client, current.route, times, trace}, current.reply, children.spans(),
                    said.tags()));
}

}  // namespace

Instrument::Instrument(httplib::Server& server, RecordRequest record) : server_(server) {
    server_.set_exception_handler([](const httplib::Request&, httplib::Response& response,
                                     const std::exception_ptr& error) { answer_uncaught(response, error); });
    if (!record) return;
    server_.set_pre_routing_handler([](const httplib::Request&, httplib::Response&) {
        if (!exchange.begun) exchange.begin();
        return httplib::Server::HandlerResponse::Unhandled;
    });
    // Called last before the head is written, whatever the status and whoever made it.
    server_.set_post_routing_handler(
        [record = std::move(record)](const httplib::Request& request, httplib::Response& response) {
            Exchange& current = exchange;
            if (!current.begun) current.begin();  // refused before any other hook: all that is known is now
            if (current.recorded) record_exchange(current, record, request, response);
            current.end();
        });
}

void Instrument::get(const std::string& route, Handler handler) {
    server_.Get(route,
                [route, handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
                    exchange.route = route;
                    answer(response, handler(request));
                });
}

void Instrument::get_unrecorded(const std::string& route, Handler handler) {
    server_.Get(route, [handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
        exchange.recorded = false;
        answer(response, handler(request));
    });
}

void Instrument::arrived(std::string_view client) {
    Exchange& next = exchange;
    next.end();
    next.client = client;
    next.begin();
}

std::string_view Instrument::head_lines() { return exchange.head_lines; }

httplib::Headers Instrument::outgoing_headers(const httplib::Request& served) {
    return exchange.begun ? to_outgoing_headers(served, exchange.trace_for(served)) : httplib::Headers{};
}

}  // namespace outrigger::app
