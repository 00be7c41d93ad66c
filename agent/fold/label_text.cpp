#include "agent/fold/label_text.h"

#include <algorithm>
#include <array>

namespace outrigger::fold {

const LabelNames& label_names(NamingSet names) {
    static constexpr LabelNames prometheus{"service", "method", "route", "status", true};
    static constexpr LabelNames otel{"service_name", "http_request_method", "http_route", "http_response_status_code",
                                     true};
    static constexpr LabelNames flask{"service", "method", "path", "status", false};
    switch (names) {
        case NamingSet::otel:
            return otel;
        case NamingSet::flask:
            return flask;
        case NamingSet::prometheus:
            break;
    }
    return prometheus;
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += ',';
    out.append(name);
    append_value(out, value);
}

void append_value(std::string& out, std::string_view value) {
    out += "=\"";
    for (const char c : value) {
        switch (c) {
            case '\\':
                out += "\\\\";
                break;
            case '"':
                out += "\\\"";
                break;
            case '\n':
                out += "\\n";
                break;
            default:
                out += c;
        }
    }
    out += '"';
}

void append_label_name(std::string& out, std::string_view tag_key) {
    const auto to_letter = [](char c) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return fits ? c : '_';
    };
    const bool is_number = tag_key.empty() || (tag_key[0] >= '0' && tag_key[0] <= '9');
    const bool is_reserved = tag_key.size() > 1 && to_letter(tag_key[0]) == '_' && to_letter(tag_key[1]) == '_';
    if (is_number || is_reserved) out += "tag_";
    for (const char c : tag_key) out += to_letter(c);
}

std::string to_label_name(std::string_view tag_key) {
    static constexpr std::array taken = {"service",
                                         "method",
                                         "route",
                                         "status",
                                         "path",
                                         "le",
                                         "quantile",
                                         "service_name",
                                         "http_route",
                                         "http_request_method",
                                         "http_response_status_code"};
    std::string name;
    append_label_name(name, tag_key);
    const bool is_taken = std::ranges::find(taken, std::string_view{name}) != taken.end();
    return is_taken ? std::string("tag_").append(name) : name;
}

}  // namespace outrigger::fold
