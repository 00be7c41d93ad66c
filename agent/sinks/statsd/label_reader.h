// Rendered labels (name="value",...; the value's \, " and newline escaped) read back, one after the other. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrigger::statsd {

struct Label {
    std::string_view name;
    std::string value;
};

class LabelReader {
  public:
    explicit LabelReader(std::string_view labels) : left_(labels) {}
    std::optional<Label> next();

  private:
    std::string_view left_;
};

}  // namespace outrigger::statsd
