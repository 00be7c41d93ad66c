#include "agent/sinks/metrics/page.h"

#include <algorithm>
#include <cstring>

#include "agent/sinks/metrics/custom_text.h"
#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/own_families.h"
#include "agent/sinks/metrics/request_text.h"
#include "agent/sinks/metrics/text.h"

namespace outrigger::metrics {
namespace {

std::string own_text(const fold::Snapshot& snapshot, const AgentFacts& facts, Format format) {
    std::string out;
    for (const auto& family : agent_families(snapshot, facts)) append(out, family, format);
    for (const auto& family : sink_families(facts.sinks)) append(out, family, format);
    for (const auto& family : process_families(facts.process)) append(out, family, format);
    if (format == Format::openmetrics) out += "# EOF\n";
    return out;
}

std::size_t measure(const std::vector<std::unique_ptr<Text>>& texts) {
    Ruler ruler;
    for (const auto& text : texts)
        for (std::size_t step = 0; step < text->steps(); ++step) text->measure(ruler, step);
    return ruler.written();
}

}  // namespace

Page::Page(fold::Snapshot snapshot, fold::NamingSet names, const AgentFacts& facts, Format format)
    : snapshot_(std::move(snapshot)) {
    add_requests(texts_, snapshot_, names, format);
    add_custom(texts_, snapshot_, format);
    texts_.push_back(std::make_unique<MadeText>(own_text(snapshot_, facts, format)));
    size_ = measure(texts_);
}

Page::~Page() = default;

std::size_t Page::held_bytes() const {
    const auto of = [](const auto& list) { return list.capacity() * sizeof(list[0]); };
    std::size_t bytes = of(snapshot_.requests.values) + of(snapshot_.requests.exemplars) + of(texts_);
    for (const auto& family : snapshot_.custom) bytes += of(family.series) + of(family.buckets) + sizeof family;
    for (const auto& text : texts_) bytes += text->held_bytes();
    return bytes;
}

std::size_t Page::read(std::span<char> into) {
    std::size_t read = take_leftover(into);
    while (text_ < texts_.size()) {
        const Text& text = *texts_[text_];
        if (step_ == text.steps()) {
            ++text_;
            step_ = 0;
            continue;
        }
        const std::size_t most = text.most(step_);
        if (most <= into.size() - read) {
            Pen pen(into.data() + read);
            text.write(pen, step_++);
            read += pen.written();
            continue;
        }
        if (read > 0) break;
        leftover_.resize_and_overwrite(most, [&](char* at, std::size_t) {
            Pen pen(at);
            text.write(pen, step_++);
            return pen.written();
        });
        return take_leftover(into);
    }
    return read;
}

std::size_t Page::take_leftover(std::span<char> into) {
    const std::size_t taken = leftover_.copy(into.data(), into.size(), leftover_taken_);
    leftover_taken_ += taken;
    if (leftover_taken_ == leftover_.size()) {
        leftover_.clear();
        leftover_taken_ = 0;
    }
    return taken;
}

}  // namespace outrigger::metrics
