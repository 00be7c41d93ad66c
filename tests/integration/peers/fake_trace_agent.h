// An HTTP server that plays Datadog's trace agent by a script: what it answers, when it does not answer, what it was
// sent. Traces are told apart by the path of their request.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace outrigger::peers {

class FakeTraceAgent {
  public:
    FakeTraceAgent() : FakeTraceAgent(0) {}
    explicit FakeTraceAgent(int port);  // 0: any free one
    explicit FakeTraceAgent(const std::string& unix_socket);
    ~FakeTraceAgent();

    int port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    void answer(std::deque<int> statuses);  // to the next payloads; then 200 again
    void answer_always(int status);
    void limit_body(std::size_t bytes);      // 413 to what is larger
    void hang(bool on);                      // answers nobody, until it is off again
    void reply_without_end(bool on = true);  // 200, and then text for as long as it is read
    void give_rates(const std::string& json, const std::string& version = "");

    struct Seen {
        std::size_t payloads = 0;                 // whatever they were answered
        std::map<std::string, int> accepted;      // by the request's path: how often it was answered 200
        std::map<std::string, std::string> meta;  // of the last root span accepted
        std::map<std::string, double> metrics;
        std::map<std::string, std::map<std::uint64_t, double>> priorities;  // by service, then trace id
        std::map<std::string, std::string> headers;                         // of the last payload
        std::size_t greatest_body = 0;
        bool all_decodable = true;
    };
    Seen seen() const;
    std::size_t traces() const;  // accepted, each once
    // Of requests whose path begins so, meta of the root span is kept.
    void keep_meta_of(const std::string& beginning);
    std::map<std::string, std::string> kept(const std::string& path) const;

  private:
    void serve();
    void take(const httplib::Request& request, httplib::Response& response);

    std::unique_ptr<httplib::Server> server_;
    int port_ = 0;
    mutable std::mutex mutex_;  // guards all that follows
    std::condition_variable changed_;
    std::deque<int> statuses_;
    int then_ = 200;
    std::size_t body_limit_ = ~std::size_t{0};
    bool hanging_ = false;
    bool endless_ = false;
    bool ending_ = false;
    std::string rates_ = "{}", rates_version_;
    Seen seen_;
    std::optional<std::string> kept_beginning_;
    std::map<std::string, std::map<std::string, std::string>> kept_;  // by path
    std::jthread thread_;
};

}  // namespace outrigger::peers
