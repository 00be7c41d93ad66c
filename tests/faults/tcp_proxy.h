// A TCP proxy on the loopback before a peer. It passes on what it gets, until a case has it stall, drip, reset, garble,
// or cut at a chosen moment; it counts what it did. One thread a connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "shared/file_descriptor.h"

namespace outrigger::faults {

class TcpProxy {
  public:
    explicit TcpProxy(int server_port, const std::string& address = "127.0.0.1", int port = 0);  // where it listens
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    int port() const { return port_; }
    void retarget(int server_port) { server_port_ = server_port; }  // of connections made from now on

    // Each until it is off again.
    void stall(bool on) { stalled_ = on; }                           // nothing passes, either way, and nobody is told
    void limit(unsigned bytes_a_second) { rate_ = bytes_a_second; }  // 0: none
    void garble(bool on) { garbling_ = on; }                         // what the server says becomes nonsense
    void refuse(bool on) { refusing_ = on; }                         // a new connection is reset
    void reset_all() { ++generation_; }                              // those that there are
    void forget_all() { forgotten_ = ++made_; }  // those that there are lose their server, and the client is not told

    // What becomes of bytes of the client: `answer_lost` passes them on and cuts when the server answers, `cut_behind`
    // at once.
    enum class Fate : std::uint8_t { pass, cut, cut_behind, answer_lost };
    // Asked before bytes of a client are passed on, on the connection's thread.
    void judge(std::function<Fate(std::string_view)> judge);

    unsigned connections() const { return connections_; }
    unsigned resets() const { return resets_; }         // by reset_all() and refuse()
    unsigned cuts() const { return cuts_; }             // by judge()
    unsigned stalls() const { return stalls_; }         // connections that had something to say while stalled
    std::uint64_t garbled() const { return garbled_; }  // bytes
    std::uint64_t passed() const { return passed_; }    // bytes

  private:
    struct Link {
        std::atomic<bool> over{false};
        std::jthread thread;
    };
    void run();
    void serve(FileDescriptor client);
    void pass_on(int client, int server);
    Fate fate_of(std::string_view bytes);
    bool send(int to, std::string_view bytes);

    FileDescriptor listener_;
    int port_ = 0;
    std::atomic<int> server_port_;
    std::atomic<bool> stopping_{false}, stalled_{false}, garbling_{false}, refusing_{false};
    std::atomic<unsigned> rate_{0}, generation_{0}, made_{0}, forgotten_{0}, connections_{0}, resets_{0}, cuts_{0},
        stalls_{0};
    std::atomic<std::uint64_t> garbled_{0}, passed_{0};
    std::mutex mutex_;  // guards judge_
    std::function<Fate(std::string_view)> judge_;
    std::list<std::unique_ptr<Link>> links_;  // of run()'s thread
    std::jthread thread_;
};

}  // namespace outrigger::faults
