#include "tests/integration/peers/demo_app.h"

#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {

using namespace std::chrono_literals;

DemoApp::DemoApp(const std::string& socket, int agent_port, int workers, std::map<std::string, std::string> environment,
                 std::vector<std::string> before)
    : port_(free_port()) {
    environment.insert({{"DD_SERVICE", "demo"}, {"DD_ENV", "test"}, {"DD_VERSION", "1.0.3"}});
    std::vector<std::string> arguments = std::move(before);
    arguments.insert(arguments.end(), {built("demo-app"), "--listen", "127.0.0.1:" + std::to_string(port_), "--workers",
                                       std::to_string(workers), "--socket", socket, "--agent",
                                       "http://127.0.0.1:" + std::to_string(agent_port)});
    process_ = std::make_unique<Process>(Launch{.arguments = std::move(arguments),
                                                .environment = std::move(environment),
                                                .folder = folder_.path(),
                                                .name = "demo-app"});
    // /metrics is not recorded, so asking for it leaves the counts alone; any answer will do.
    const bool answers = eventually(20s, [&] { return get(port_, "/metrics").status > 0; });
    const bool complete = eventually(20s, [&] { return this->workers().size() == static_cast<std::size_t>(workers); });
    if (!answers || !complete) throw std::runtime_error("the demo app does not answer:\n" + log());
}

int DemoApp::stop() {
    process_->send(SIGTERM);
    const std::optional<int> status = process_->wait(30s);
    if (!status) throw std::runtime_error("the demo app does not stop within 30 s:\n" + log());
    return *status;
}

std::vector<pid_t> DemoApp::workers() const {
    std::vector<pid_t> result;
    std::error_code gone;
    const std::filesystem::path tasks = "/proc/" + std::to_string(process_->id()) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::istringstream children(read_whole(task.path() / "children"));
        for (pid_t child = 0; children >> child;) result.push_back(child);
    }
    return result;
}

}  // namespace outrigger::peers
