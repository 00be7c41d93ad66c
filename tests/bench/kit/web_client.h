// Who asks a web server: some connections that stay open, each with one request under way at a time.
#pragma once

#include <vector>

namespace outrigger::bench {

struct Visit {
    double seconds = 0;
    std::vector<double> answered_us;  // how long each answer took, sorted
};

// Throws when the server hangs up or answers anything but 200.
Visit visit(int port, int connections, int requests_each);

}  // namespace outrigger::bench
