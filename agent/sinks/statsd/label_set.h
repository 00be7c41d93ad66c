// A label set as StatsD carries it: in tags behind each line (DogStatsD), or in the metric's name (plain, where env and
// version are left out: the name says what, not which release). Pure; one object is used again and again.
#pragma once

#include <string>
#include <string_view>

#include "agent/fold/deltas.h"

namespace outrigger::statsd {

struct Naming {
    bool plain = false;
    std::string count = "request_count";
    std::string latency = "request_latency_seconds";
};

class LabelSet {
  public:
    LabelSet(bool plain, std::size_t line_limit) : plain_(plain), line_limit_(line_limit) {}

    // Either makes what prefix() and suffix() give; false: the key is damaged.
    bool set_request(const fold::RequestDelta& delta, const fold::AppTags& app);
    void set_custom(const fold::CustomDelta& delta, const fold::AppTags& app);

    // prefix, value, type and rate, suffix make a line. Tags for which the line has no room are left out.
    void append_prefix(std::string& out, std::string_view name) const;
    std::string_view suffix() const { return tags_; }

  private:
    void begin(std::size_t room);
    void add(std::string_view key, std::string_view value);

    bool plain_;
    std::size_t line_limit_;
    std::size_t room_ = 0;  // for the line at hand
    std::string tags_;
    std::string parts_;
};

}  // namespace outrigger::statsd
