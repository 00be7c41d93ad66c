// The one wrapper that turns a cpp-httplib server's requests into events: routes are given to it instead of to the
// server. Each answer is recorded once, before its first byte is written, so that what a client has seen is known:
// handlers' replies, 404s, what cpp-httplib refuses by itself, exceptions nobody caught. Runs on connection threads.
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <string_view>

#include "app/reply.h"
#include "shared/event.h"

namespace outrigger::app {

using RecordRequest = std::function<void(const RequestEvent&)>;

class Instrument {
  public:
    // Takes the server's exception, pre- and post-routing hooks, which outlive this object. Without `record` replies
    // are served and that is all.
    Instrument(httplib::Server& server, RecordRequest record);
    Instrument(const Instrument&) = delete;
    Instrument& operator=(const Instrument&) = delete;

    void get(const std::string& route, Handler handler);
    void get_unrecorded(const std::string& route, Handler handler);

    // Starts the clock for this thread's next request. A server that cannot say when a request arrives need not call
    // it: the clock then starts when the head has been read.
    static void arrived(std::string_view client);

    // The header that names the trace of this thread's last request in its answer, its line end included; empty for one
    // that is not recorded. For the server to put into the answer's head (Server::on_head): set as any other header it
    // would be a third of what recording costs.
    static std::string_view head_lines();

    // In a handler: the headers with which a call to another service goes on in the trace of the request being served,
    // as its child: httplib::Client{...}.Get("/stock", Instrument::outgoing_headers(request)). None without a recorder.
    static httplib::Headers outgoing_headers(const httplib::Request& served);

  private:
    httplib::Server& server_;
};

}  // namespace outrigger::app
