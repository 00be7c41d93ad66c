// What receivers take for a legal line: the grammar of protocol 1.0 as statsd_exporter, Datadog's agent and etsy's
// statsd read it alike.
#pragma once

#include <regex>
#include <string>
#include <string_view>

namespace outrigger::test {

inline bool is_legal(const std::string& line, bool plain) {
    static const std::string number = R"(-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?)";
    static const std::string rate = R"((\|@0\.[0-9]+)?)";
    static const std::regex tagged("[a-zA-Z_][a-zA-Z0-9_.]*:" + number + R"(\|[cgd])" + rate +
                                   R"((\|#[a-zA-Z0-9_]+:[^|,#@\s]+(,[a-zA-Z0-9_]+:[^|,#@\s]+)*)?)");
    static const std::regex dotted("[a-zA-Z_][a-zA-Z0-9_-]*(\\.[a-zA-Z0-9_-]+)*:" + number + R"(\|(c|g|ms))" + rate);
    return std::regex_match(line, plain ? dotted : tagged);
}

inline bool all_legal(std::string_view lines, bool plain) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        if (!is_legal(std::string(lines.substr(0, end)), plain)) return false;
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return true;
}

}  // namespace outrigger::test
