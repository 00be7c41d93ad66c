#include "tests/integration/peers/http.h"

#include <httplib.h>

#include <stdexcept>

namespace outrigger::peers {

Answer get(int port, const std::string& path, const std::map<std::string, std::string>& headers,
           std::chrono::milliseconds limit) {
    httplib::Client client("127.0.0.1", port);
    client.set_connection_timeout(limit);
    client.set_read_timeout(limit);
    client.set_write_timeout(limit);
    const httplib::Result result = client.Get(path, httplib::Headers(headers.begin(), headers.end()));
    if (!result) throw std::runtime_error("GET " + path + ": " + httplib::to_string(result.error()));
    return {result->status, result->get_header_value("Content-Type"), result->body};
}

}  // namespace outrigger::peers
