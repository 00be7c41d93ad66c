#include "agent/sinks/statsd/label_set.h"

#include "agent/fold/series_key.h"
#include "agent/sinks/statsd/label_reader.h"
#include "agent/sinks/statsd/tag_text.h"

namespace outrigger::statsd {
namespace {

constexpr std::size_t value_bytes = 64;  // of a value, its type and its rate, and what separates them

}  // namespace

bool LabelSet::set_request(const fold::RequestDelta& delta, const fold::AppTags& app) {
    const auto key = fold::parse_series_key(delta.key);
    if (!key) return false;
    const std::string status = std::to_string(key->id.status);
    begin(line_limit_);
    add("service", key->id.service);
    if (!plain_) {
        add("env", app.env);
        add("version", app.version);
    }
    add("method", key->id.method);
    add("endpoint", key->id.route);
    add("status", status);
    return true;
}

void LabelSet::set_custom(const fold::CustomDelta& delta, const fold::AppTags& app) {
    const bool takes_two_lines = delta.kind == MetricKind::gauge && delta.gauge < 0;
    begin(takes_two_lines ? line_limit_ / 2 : line_limit_);
    bool has_env = plain_;
    bool has_version = plain_;
    LabelReader labels(*delta.labels);
    while (const auto label = labels.next()) {
        has_env = has_env || label->name == "env";
        has_version = has_version || label->name == "version";
        add(label->name, label->value);
    }
    if (!has_env) add("env", app.env);
    if (!has_version) add("version", app.version);
}

void LabelSet::begin(std::size_t room) {
    tags_.clear();
    parts_.clear();
    room_ = room;
}

// A tag without a value is an error to statsd_exporter; a component of a name must be there.
void LabelSet::add(std::string_view key, std::string_view value) {
    std::string& out = plain_ ? parts_ : tags_;
    const std::size_t before = out.size();
    if (plain_) {
        out += '.';
        append_name_part(out, value);
    } else if (!value.empty()) {
        out += out.empty() ? "|#" : ",";
        out.append(key).append(1, ':');
        append_tag_value(out, value);
    }
    if (out.size() + greatest_text_bytes + value_bytes > room_) out.resize(before);
}

void LabelSet::append_prefix(std::string& out, std::string_view name) const {
    out.append(name.substr(0, greatest_text_bytes)).append(parts_).append(1, ':');
}

}  // namespace outrigger::statsd
