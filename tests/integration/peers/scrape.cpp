#include "tests/integration/peers/scrape.h"

#include <algorithm>
#include <stdexcept>

#include "tests/integration/peers/scrape_rules.h"
#include "tests/integration/peers/scrape_text.h"

namespace outrigger::peers {
namespace {

bool has(const Labels& labels, const Labels& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& pair) {
        const auto found = labels.find(pair.first);
        return found != labels.end() && found->second == pair.second;
    });
}

// Reads line by line; a family is opened by its first HELP, TYPE or UNIT and closed by the next name.
class Reading {
  public:
    explicit Reading(Scrape::Form form) : openmetrics_(form == Scrape::Form::openmetrics) {}

    void take(std::string_view line) {
        if (ended_) throw std::runtime_error("a line after # EOF");
        if (openmetrics_ && line == "# EOF") {
            ended_ = true;
        } else if (line.starts_with("# ")) {
            take_comment(line.substr(2));
        } else if (line.empty()) {
            throw std::runtime_error("an empty line");
        } else {
            take_sample(parse_sample(line, openmetrics_));
        }
    }

    std::vector<Family> finish() {
        if (openmetrics_ && !ended_) throw std::runtime_error("no # EOF at the end");
        for (const Family& family : families_) check_family(family, openmetrics_);
        return std::move(families_);
    }

  private:
    void take_comment(std::string_view text) {
        const auto [keyword, rest] = split_word(text);
        const auto [name, value] = split_word(rest);
        if (keyword != "HELP" && keyword != "TYPE" && !(openmetrics_ && keyword == "UNIT")) {
            throw std::runtime_error("a comment that is not HELP or TYPE");
        }
        Family& family = open(std::string(name));
        if (!family.samples.empty()) throw std::runtime_error("HELP or TYPE after samples of " + family.name);
        if (keyword == "UNIT") return;
        std::string& field = keyword == "HELP" ? family.help : family.type;
        if (!field.empty()) throw std::runtime_error("a second " + std::string(keyword) + " of " + family.name);
        field = value;
    }

    Family& open(const std::string& name) {
        if (!families_.empty() && families_.back().name == name) return families_.back();
        if (!is_metric_name(name)) throw std::runtime_error("not a name: " + name);
        for (const Family& family : families_) {
            if (family.name == name) throw std::runtime_error("the family " + name + " is not in one piece");
        }
        families_.push_back({name, "", "", {}});
        return families_.back();
    }

    void take_sample(Sample sample) {
        if (families_.empty() || !belongs(sample.name, families_.back(), openmetrics_)) {
            throw std::runtime_error("the sample " + sample.name + " stands outside its family");
        }
        families_.back().samples.push_back(std::move(sample));
    }

    bool openmetrics_;
    bool ended_ = false;
    std::vector<Family> families_;
};

}  // namespace

Scrape::Scrape(std::string_view body, Form form) {
    Reading reading(form);
    int number = 0;
    while (!body.empty()) {
        ++number;
        const std::size_t end = body.find('\n');
        try {
            if (end == std::string_view::npos) throw std::runtime_error("no newline at the end");
            reading.take(body.substr(0, end));
        } catch (const std::runtime_error& error) {
            throw std::runtime_error("line " + std::to_string(number) + ": " + error.what() + ": " +
                                     std::string(body.substr(0, std::min<std::size_t>(end, 200))));
        }
        body.remove_prefix(end + 1);
    }
    families_ = reading.finish();
}

const Family* Scrape::family(std::string_view name) const {
    const auto found = std::ranges::find(families_, name, &Family::name);
    return found == families_.end() ? nullptr : &*found;
}

double Scrape::sum(std::string_view sample, const Labels& with) const {
    double total = 0;
    for (const Sample& one : all(sample, with)) total += one.value;
    return total;
}

std::vector<Sample> Scrape::all(std::string_view sample, const Labels& with) const {
    std::vector<Sample> result;
    for (const Family& family : families_) {
        for (const Sample& one : family.samples) {
            if (one.name == sample && has(one.labels, with)) result.push_back(one);
        }
    }
    return result;
}

std::map<std::string, double> Scrape::growing() const {
    std::map<std::string, double> result;
    for (const Family& family : families_) {
        if (family.type != "counter" && family.type != "histogram") continue;
        for (const Sample& sample : family.samples) {
            if (!sample.name.ends_with("_created")) result.emplace(to_key(sample), sample.value);
        }
    }
    return result;
}

}  // namespace outrigger::peers
