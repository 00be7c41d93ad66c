// A part of a page that is never whole in memory: steps, each a few lines, that can be measured and then written one by
// one. A part puts its strokes down once, for the Pen and for the Ruler alike, so that what was measured is what is
// written. Used by Page.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "agent/sinks/metrics/pen.h"

namespace outrigger::metrics {

class Text {
  public:
    Text() = default;
    virtual ~Text() = default;
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    virtual std::size_t steps() const = 0;
    virtual std::size_t most(std::size_t step) const = 0;  // no less than what is written; cheap
    virtual void measure(Ruler& ruler, std::size_t step) const = 0;
    virtual void write(Pen& pen, std::size_t step) const = 0;
    virtual std::size_t held_bytes() const { return 0; }  // memory of its own
};

// What is short enough to be made in advance.
class MadeText final : public Text {
  public:
    explicit MadeText(std::string text) : text_(std::move(text)) {}
    std::size_t steps() const override { return 1; }
    std::size_t most(std::size_t) const override { return text_.size(); }
    void measure(Ruler& ruler, std::size_t) const override { ruler.text(text_); }
    void write(Pen& pen, std::size_t) const override { pen.text(text_); }
    std::size_t held_bytes() const override { return text_.size(); }

  private:
    std::string text_;
};

}  // namespace outrigger::metrics
