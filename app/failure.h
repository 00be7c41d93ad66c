// Exceptions as people read them: type, message and stack. A Traced exception remembers where it was made; of any other
// only the place that caught it is known. Called where exceptions are caught, on a connection's thread.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <string>

#include "app/reply.h"

namespace outrigger::app {

// The call stack at its construction; names are looked up only when somebody asks.
class Trace {
  public:
    Trace();
    std::string text() const;  // a line each frame, at most limits::error_stack_bytes

  private:
    std::array<void*, 48> frames_{};
    std::size_t depth_ = 0;
};

// Base beside std::exception for the app's own errors: struct Mine : std::runtime_error, Traced.
class Traced {
  public:
    Traced() = default;
    Traced(const Traced&) = default;
    Traced& operator=(const Traced&) = default;
    virtual ~Traced() = default;

    const Trace& trace() const { return trace_; }

  private:
    Trace trace_;
};

Failure describe(const std::exception& error);
Failure describe(const std::exception_ptr& error);

}  // namespace outrigger::app
