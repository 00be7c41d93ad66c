#include "tests/peers/statsd_exporter.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/http.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

void write_mapping(const std::filesystem::path& file) {
    std::ofstream out(file);
    out << "defaults:\n  observer_type: histogram\n  histogram_options:\n    buckets: [";
    for (double bound = 0.0005; bound < 20; bound *= 1.005) out << bound << ", ";
    out << "20]\nmappings: []\n";
}

}  // namespace

StatsdExporter::StatsdExporter(Wire wire) : wire_(wire), port_(free_port()), web_port_(free_port()) {
    write_mapping(folder_ / "mapping.yml");
    std::vector<std::string> arguments{
        fetched("bin/statsd_exporter"), "--web.listen-address=127.0.0.1:" + std::to_string(web_port_),
        "--statsd.listen-tcp=", "--statsd.mapping-config=" + (folder_ / "mapping.yml").string()};
    if (wire == Wire::udp) {
        arguments.push_back("--statsd.listen-udp=127.0.0.1:" + std::to_string(port_));
    } else {
        arguments.emplace_back("--statsd.listen-udp=");
        arguments.push_back("--statsd.listen-unixgram=" + (folder_ / "statsd.socket").string());
    }
    process_ = std::make_unique<Process>(
        Launch{.arguments = arguments, .environment = {}, .folder = folder_.path(), .name = "statsd_exporter"});
    if (!eventually(30s, [&] { return get(web_port_, "/-/ready").status == 200; }))
        throw std::runtime_error("statsd_exporter does not start:\n" + process_->errors());
}

std::string StatsdExporter::target() const {
    if (wire_ == Wire::udp) return "udp://127.0.0.1:" + std::to_string(port_);
    return "unix://" + (folder_ / "statsd.socket").string();
}

Scrape StatsdExporter::scrape() const { return {get(web_port_, "/metrics").body, Scrape::Form::text}; }

double StatsdExporter::quantile(const std::string& name, double q) const {
    std::map<double, double> below;
    for (const Sample& sample : scrape().all(name + "_bucket"))
        below[std::stod(sample.labels.at("le"))] += sample.value;
    if (below.empty()) return std::nan("");
    const double wanted = q * below.rbegin()->second;
    for (const auto& [bound, count] : below)
        if (count >= wanted) return bound;
    return std::nan("");
}

// The last column of /proc/net/udp, where our port stands in hexadecimal.
long StatsdExporter::kernel_drops() const {
    std::ifstream table("/proc/net/udp");
    std::ostringstream port;
    port << std::hex << std::uppercase << port_;
    for (std::string line; std::getline(table, line);) {
        if (!line.contains("0100007F:" + port.str() + " ")) continue;
        std::istringstream columns(line);
        std::string last;
        for (std::string column; columns >> column;) last = column;
        return std::stol(last);
    }
    throw std::runtime_error("no such port in /proc/net/udp");
}

}  // namespace outrigger::peers
