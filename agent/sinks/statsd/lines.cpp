#include "agent/sinks/statsd/lines.h"

#include <algorithm>

#include "agent/sinks/statsd/number_text.h"

namespace outrigger::statsd {
namespace {

using fold::CustomDelta;
using fold::FineHistogram;
using fold::RequestDelta;

class Renderer {
  public:
    Renderer(const fold::Deltas& deltas, const Naming& naming, std::size_t line_limit, const Emit& emit)
        : deltas_(deltas), naming_(naming), emit_(emit), labels_(naming.plain, line_limit) {}

    void counts() {
        for_each_request([this](const RequestDelta& delta, std::uint32_t index) {
            labels_.append_prefix(line_, naming_.count);
            append_whole(line_, delta.count);
            finish("|c", {Piece::Of::count, index, delta.count});
        });
    }

    void latencies() {
        const double unit = naming_.plain ? 1e3 : 1e6;  // microseconds in what is sent: milliseconds or seconds
        for_each_request([&](const RequestDelta& delta, std::uint32_t index) {
            values(naming_.latency, delta.durations, unit, {Piece::Of::latency, index, 0});
        });
    }

    void custom() {
        for (std::uint32_t index = 0; index < deltas_.custom.size(); ++index) {
            const CustomDelta& delta = deltas_.custom[index];
            labels_.set_custom(delta, deltas_.apps[delta.app]);
            const Piece piece{Piece::Of::custom, index, delta.events};
            switch (delta.kind) {
                case MetricKind::count:
                    labels_.append_prefix(line_, delta.name);
                    append_decimal(line_, value_of(delta.sum));
                    finish("|c", piece);
                    break;
                case MetricKind::gauge:
                    gauge(delta, piece);
                    break;
                case MetricKind::histogram:
                    values(delta.name, delta.values, 1, piece);
                    values(delta.name, delta.negatives, -1, piece);
                    break;
            }
        }
    }

  private:
    template <class Use>
    void for_each_request(Use&& use) {
        for (std::uint32_t index = 0; index < deltas_.requests.size(); ++index) {
            const RequestDelta& delta = deltas_.requests[index];
            if (labels_.set_request(delta, deltas_.apps[delta.app])) use(delta, index);
        }
    }

    // A sign makes a gauge's value a change to all but Datadog's agent: set to zero first it comes to the same.
    void gauge(const CustomDelta& delta, const Piece& piece) {
        if (delta.gauge < 0) {
            labels_.append_prefix(line_, delta.name);
            line_.append("0|g").append(labels_.suffix()).append(1, '\n');
        }
        labels_.append_prefix(line_, delta.name);
        append_decimal(line_, delta.gauge);
        finish("|g", piece);
    }

    void values(std::string_view name, const FineHistogram& from, double unit, Piece piece) {
        weighted(name, 0, from.zeros(), piece);
        for (const auto& [index, count] : from.buckets()) weighted(name, fold::fine_value(index) / unit, count, piece);
    }

    void weighted(std::string_view name, double value, std::uint64_t count, Piece piece) {
        while (count > 0) {
            const std::uint64_t weight = std::min(count, greatest_weight);
            labels_.append_prefix(line_, name);
            append_rounded(line_, value);
            line_ += naming_.plain ? "|ms" : "|d";
            append_rate(line_, weight);
            piece.events = piece.repeats = weight;
            finish("", piece);
            count -= weight;
        }
    }

    void finish(std::string_view type, const Piece& piece) {
        line_.append(type).append(labels_.suffix());
        emit_(line_, piece);
        line_.clear();
    }

    const fold::Deltas& deltas_;
    const Naming& naming_;
    const Emit& emit_;
    LabelSet labels_;
    std::string line_;
};

}  // namespace

void render(const fold::Deltas& deltas, const Naming& naming, std::size_t line_limit, const Emit& emit) {
    Renderer renderer(deltas, naming, line_limit, emit);
    renderer.counts();
    renderer.latencies();
    renderer.custom();
}

}  // namespace outrigger::statsd
