// What the HTTP door grants to everybody together and to each: beyond it somebody is shown out, never more memory
// taken. Defaults suit Prometheus and people; tests make them small.
#pragma once

#include <chrono>
#include <cstddef>

namespace outrigger::http {

struct Limits {
    std::size_t connections = 64;
    std::size_t connections_per_address = 48;
    std::size_t header_bytes = 8UL * 1024;          // request line, headers and their bookkeeping, for each connection
    std::size_t answer_bytes = 32UL * 1024 * 1024;  // bodies being sent, together; one more may always be begun
    std::chrono::milliseconds ask_time{10'000};     // from connecting to the end of the first request's headers
    std::chrono::milliseconds idle_time{75'000};    // from an answer to the end of the next request's headers
    std::chrono::milliseconds answer_time{10'000};  // to take a whole answer
    std::chrono::milliseconds grace{1'000};         // an answer younger than this is not cut short for a newcomer
};

}  // namespace outrigger::http
