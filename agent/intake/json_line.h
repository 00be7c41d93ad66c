// A line of JSON -> what it says. Pure but for its buffers, which are kept: no allocation for each line.
// Text is borrowed from those buffers or the line until the next call. Grammar: README, "JSON lines".
#pragma once

#include <memory>
#include <string_view>

#include "shared/event.h"
#include "shared/protocol.h"

namespace outrigger::intake {

struct JsonLine {
    enum class What : std::uint8_t { request, metric, hello, dropped, bye, refused } what = What::refused;
    RequestEvent request;
    MetricEvent metric;
    Hello hello;
    Dropped dropped;
    Refused refused;
};

class JsonLineParser {
  public:
    JsonLineParser();
    ~JsonLineParser();

    // `line` is without its newline and at most limits::line_bytes long. Numbers, types, required fields and UTF-8 are
    // checked here, limits and ranges of the event by measure().
    const JsonLine& parse(std::string_view line);
    // The same without the short way for plain requests.
    const JsonLine& parse_any(std::string_view line);

  private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace outrigger::intake
