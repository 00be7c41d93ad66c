#include "agent/sinks/metrics/page.h"

#include "agent/sinks/metrics/custom_text.h"
#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/own_families.h"
#include "agent/sinks/metrics/request_text.h"

namespace outrigger::metrics {

std::string render(const fold::Snapshot& snapshot, fold::NamingSet names, const AgentFacts& facts, Format format) {
    std::string out;
    append_requests(out, snapshot, names, format);
    append_custom(out, snapshot, format);
    for (const auto& family : agent_families(snapshot, facts)) append(out, family, format);
    for (const auto& family : sink_families(facts.sinks)) append(out, family, format);
    for (const auto& family : process_families(facts.process)) append(out, family, format);
    if (format == Format::openmetrics) out += "# EOF\n";
    return out;
}

}  // namespace outrigger::metrics
