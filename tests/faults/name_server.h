// A name server that answers every question for an IPv4 address with the same one, or says that there is none, or
// nothing at all. Its address is on the loopback; port 53 takes root.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "shared/file_descriptor.h"

namespace outrigger::faults {

class NameServer {
  public:
    NameServer();  // throws when the port cannot be had
    ~NameServer();

    const std::string& address() const { return address_; }

    enum class Answers : std::uint8_t { address, no_such_name, nothing };
    void answer(Answers answers) { answers_ = answers; }
    void point_at(std::uint8_t last) { last_ = last; }                                                   // 127.0.0.last
    unsigned questions(Answers answers) const { return questions_[static_cast<std::size_t>(answers)]; }  // so answered

  private:
    void run(const std::stop_token& stop);
    FileDescriptor socket_;
    std::string address_;
    std::atomic<Answers> answers_{Answers::address};
    std::atomic<std::uint8_t> last_{1};
    std::atomic<unsigned> questions_[3]{};
    std::jthread thread_;
};

}  // namespace outrigger::faults
