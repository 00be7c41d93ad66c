// What went wrong while running, and what to do about it. Used by every room as the error of std::expected.
// A library's exceptions are mapped to it in the room that called the library, in one function.
#pragma once

#include <stdexcept>
#include <string>

namespace outrigger {

enum class ErrorKind {
    retry,   // the same call may succeed later
    refuse,  // this input never will; go on with the next
    fatal,   // the room cannot go on without a person
};

struct Error {
    ErrorKind kind = ErrorKind::retry;
    std::string what;  // for people: names what and where
};

// Thrown while starting, for what another agent has: the socket or the data directory. main ends with 75.
struct AlreadyOwned : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace outrigger
