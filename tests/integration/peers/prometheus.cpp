#include "tests/integration/peers/prometheus.h"

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/http.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {

using namespace std::chrono_literals;

Prometheus::Prometheus(int target_port) : port_(free_port()) {
    std::ofstream(folder_ / "prometheus.yml")
        << "global: {scrape_interval: 1s}\n"
        << "scrape_configs:\n"
        << "  - job_name: outrigger\n"
        << "    static_configs: [{targets: ['127.0.0.1:" << target_port << "']}]\n";
    process_ = std::make_unique<Process>(
        Launch{.arguments = {fetched("usr/bin/prometheus"), "--config.file", folder_ / "prometheus.yml",
                             "--storage.tsdb.path", folder_ / "data", "--web.listen-address",
                             "127.0.0.1:" + std::to_string(port_), "--enable-feature", "exemplar-storage"},
               .environment = {},
               .folder = folder_.path(),
               .name = "prometheus"});
    if (!eventually(30s, [&] { return get(port_, "/-/ready").status == 200; })) {
        throw std::runtime_error("Prometheus does not start:\n" + log());
    }
}

std::string Prometheus::api(const std::string& path) const { return get(port_, "/api/v1/" + path).body; }

std::string promtool_findings(const std::string& body) {
    const TemporaryFolder folder;
    std::ofstream(folder / "scrape", std::ios::binary) << body;
    const Finished result = run({.arguments = {fetched("usr/bin/promtool"), "check", "metrics"},
                                 .environment = {},
                                 .folder = folder.path(),
                                 .name = "promtool",
                                 .input = folder / "scrape"},
                                20s);
    return result.output + result.errors + (result.status == 0 ? "" : "status " + std::to_string(result.status));
}

}  // namespace outrigger::peers
