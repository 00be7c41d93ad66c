// The event that the benchmarks record: what a busy app says of an ordinary request.
#pragma once

#include "shared/event.h"

namespace outrigger::bench {

inline RequestEvent typical_request() {
    RequestEvent event;
    event.method = "GET";
    event.route = "/users/:id/orders";
    event.path = "/users/4711/orders?page=2";
    event.status = 200;
    event.duration_us = 1234;
    event.start_us = 1'763'800'000'123'456;
    event.response_bytes = 512;
    event.client = "203.0.113.195";
    event.trace_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    event.span_id = 17;
    event.parent_id = 18;
    event.message = "served from the cache";
    return event;
}

}  // namespace outrigger::bench
