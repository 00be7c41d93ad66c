#include "agent/sinks/statsd/label_reader.h"

namespace outrigger::statsd {

std::optional<Label> LabelReader::next() {
    const std::size_t equals = left_.find("=\"");
    if (equals == left_.npos) return std::nullopt;
    Label label{left_.substr(0, equals), {}};
    std::size_t at = equals + 2;
    for (; at < left_.size() && left_[at] != '"'; ++at) {
        if (left_[at] != '\\') {
            label.value += left_[at];
        } else if (++at < left_.size()) {
            label.value += left_[at] == 'n' ? '\n' : left_[at];
        }
    }
    left_.remove_prefix(std::min(at + 1, left_.size()));
    if (left_.starts_with(',')) left_.remove_prefix(1);
    return label;
}

}  // namespace outrigger::statsd
