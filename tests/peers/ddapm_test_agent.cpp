#include "tests/peers/ddapm_test_agent.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/http.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr const char* all_checks =
    "trace_count_header,meta_tracer_version_header,trace_content_length,trace_stall,trace_peer_service,"
    "trace_dd_service,meta_events_is_valid_json";

}  // namespace

DdapmTestAgent::DdapmTestAgent() : port_(free_port()) {
    const bool write_missing = std::getenv("NEW_SNAPSHOTS") != nullptr;
    process_ = std::make_unique<Process>(
        Launch{.arguments = {fetched(ddapm_test_agent), "--port", std::to_string(port_), "--otlp-http-port",
                             std::to_string(free_port()), "--otlp-grpc-port", std::to_string(free_port()),
                             "--web-ui-port", "0", "--snapshot-dir", std::filesystem::absolute("tests/peers/snapshots"),
                             "--vcr-cassettes-directory", folder_.path(), "--pool-trace-check-failures", "true"},
               .environment = {{"ENABLED_CHECKS", all_checks},
                               {"SNAPSHOT_CI", write_missing ? "0" : "1"},
                               {"HOME", folder_.path()}},
               .folder = folder_.path(),
               .name = "ddapm"});
    if (!eventually(60s, [&] { return get(port_, "/info").status == 200; }))
        throw std::runtime_error("ddapm-test-agent does not start:\n" + process_->errors());
}

void DdapmTestAgent::start_session(const std::string& token) const {
    if (get(port_, "/test/session/start?test_session_token=" + token).status != 200)
        throw std::runtime_error("ddapm-test-agent starts no session");
}

json DdapmTestAgent::traces(const std::string& token) const {
    return json::parse(get(port_, "/test/session/traces?test_session_token=" + token).body);
}

json DdapmTestAgent::all_traces() const { return json::parse(get(port_, "/test/traces").body); }

std::string DdapmTestAgent::compare(const std::string& token, const std::string& ignored) const {
    const Answer answer =
        get(port_, "/test/session/snapshot?test_session_token=" + token + "&ignores=" + ignored, {}, 30s);
    return answer.status == 200 ? "" : answer.body;
}

std::string DdapmTestAgent::failures() const {
    const Answer answer = get(port_, "/test/trace_check/failures");
    return answer.status == 200 ? "" : answer.body;
}

json DdapmTestAgent::summary() const { return json::parse(get(port_, "/test/trace_check/summary").body); }

}  // namespace outrigger::peers
