// Deltas for the StatsD sink's tests, made without a fold.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "agent/fold/deltas.h"
#include "agent/fold/label_text.h"
#include "agent/fold/series_key.h"

namespace outrigger::test {

struct App {
    std::string service, env, version;
};

inline std::string rendered(const std::vector<std::pair<std::string, std::string>>& labels) {
    std::string out;
    for (const auto& [name, value] : labels) fold::append_label(out, name, value);
    return out;
}

class MadeDeltas {
  public:
    fold::RequestDelta& request(const App& app, const fold::SeriesId& id) {
        fold::SeriesKeyWriter writer;
        writer.begin(id);
        deltas.apps.push_back({app.env, app.version});
        fold::RequestDelta& made = deltas.requests.emplace_back();
        made.app = static_cast<std::uint32_t>(deltas.apps.size() - 1);
        made.key = keys_.emplace_back(writer.key());
        return made;
    }

    static void observe(fold::RequestDelta& delta, std::uint64_t duration_us, std::uint64_t times = 1) {
        delta.count += times;
        if (times > 0) delta.durations.add(static_cast<double>(duration_us), times);
    }

    fold::CustomDelta& custom(MetricKind kind, std::string name, std::string labels) {
        deltas.apps.push_back({"prod", "1"});
        fold::CustomDelta& made = deltas.custom.emplace_back();
        made.kind = kind;
        made.name = std::move(name);
        made.labels = std::make_shared<const std::string>(std::move(labels));
        made.app = static_cast<std::uint32_t>(deltas.apps.size() - 1);
        made.events = 1;
        return made;
    }

    fold::Deltas deltas;

  private:
    std::deque<std::string> keys_;
};

}  // namespace outrigger::test
