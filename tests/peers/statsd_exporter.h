// A real statsd_exporter, of Prometheus, with the kernel's default buffers, and histograms fine enough to tell
// quantiles within half a percent.
#pragma once

#include <memory>
#include <string>

#include "tests/integration/peers/process.h"
#include "tests/integration/peers/scrape.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {

class StatsdExporter {
  public:
    enum class Wire { udp, unix_datagram };
    explicit StatsdExporter(Wire wire = Wire::udp);  // waits until it is ready

    std::string target() const;  // what --statsd is given
    Scrape scrape() const;
    // Of the histogram `name`, over all label sets: the upper bound of the bucket that holds it.
    double quantile(const std::string& name, double q) const;
    long kernel_drops() const;  // datagrams that found the receiver's buffer full

  private:
    TemporaryFolder folder_;
    Wire wire_;
    int port_;
    int web_port_;
    std::unique_ptr<Process> process_;
};

}  // namespace outrigger::peers
