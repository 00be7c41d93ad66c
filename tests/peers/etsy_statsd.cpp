#include "tests/peers/etsy_statsd.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {

using namespace std::chrono_literals;

// It flushes, and begins anew, only long after the test.
EtsyStatsd::EtsyStatsd() : port_(free_port()), management_port_(free_port()) {
    std::ofstream(folder_ / "config.js") << "{ address: '127.0.0.1', port: " << port_
                                         << ", mgmt_address: '127.0.0.1', mgmt_port: " << management_port_
                                         << ", flushInterval: 3600000, backends: ['./backends/console'] }\n";
    process_ = std::make_unique<Process>(
        Launch{.arguments = {"node", fetched("etsy/node_modules/statsd/stats.js"), folder_ / "config.js"},
               .environment = {},
               .folder = folder_.path(),
               .name = "statsd"});
    if (!eventually(30s, [&] { return ask("counters").contains("END"); }))
        throw std::runtime_error("etsy's statsd does not start:\n" + process_->output() + process_->errors());
}

std::string EtsyStatsd::target() const { return "udp://127.0.0.1:" + std::to_string(port_); }

std::string EtsyStatsd::ask(const std::string& command) const {
    const TemporaryFolder folder;
    std::ofstream(folder / "command") << command << "\n";
    return run({.arguments = {"nc", "-q", "1", "127.0.0.1", std::to_string(management_port_)},
                .environment = {},
                .folder = folder.path(),
                .name = "nc",
                .input = folder / "command"},
               10s)
        .output;
}

// As node prints an object: 'request_count.shop.GET._.200': 12,
double EtsyStatsd::counter(const std::string& name) const {
    const std::string text = ask("counters");
    const std::size_t at = text.find("'" + name + "': ");
    return at == text.npos ? 0 : std::stod(text.substr(at + name.size() + 4));
}

//   'request_latency_seconds.shop.GET._.200': [ 20.3, 19.9 ],
std::vector<double> EtsyStatsd::timer(const std::string& name) const {
    const std::string text = ask("timers");
    const std::size_t at = text.find("'" + name + "': [");
    if (at == text.npos) return {};
    const std::size_t begin = text.find('[', at) + 1;
    std::istringstream values(text.substr(begin, text.find(']', begin) - begin));
    std::vector<double> all;
    for (double value = 0; values >> value; values.ignore()) all.push_back(value);
    return all;
}

}  // namespace outrigger::peers
