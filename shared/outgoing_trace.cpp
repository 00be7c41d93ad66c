#include "shared/outgoing_trace.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/text.h"
#include "shared/trace_ids.h"

namespace outrigger {
namespace {

constexpr std::string_view propagated = "_dd.p.";  // what tags begin with that go from service to service

template <std::size_t N>
std::string_view text_of(const std::array<char, N>& digits) {
    return {digits.data(), N};
}

// In the member `dd` a '=' of a value is a '~', and what would end the value or the member is a '_'.
std::string encoded(std::string_view text, std::string_view refused) {
    std::string result(text);
    for (char& c : result) {
        if (c < 0x20 || c > 0x7e || refused.find(c) != refused.npos) c = '_';
        if (c == '=') c = '~';
    }
    return result;
}
std::string encoded_value(std::string_view text) { return encoded(text, ",;~"); }
std::string encoded_name(std::string_view text) { return encoded(text, ",;~= "); }

std::string decoded(std::string_view text) {
    std::string result(text);
    std::ranges::replace(result, '~', '=');
    return result;
}

// The value of the member `dd`, and all others as they came.
struct Members {
    std::string_view datadog;
    std::string others;
};

Members split(std::string_view tracestate) {
    Members members;
    std::size_t kept = 1;  // ours
    while (!tracestate.empty()) {
        const std::string_view member = trim(take_until(tracestate, ','));
        if (member.starts_with("dd=")) {
            members.datadog = member.substr(3);
        } else if (!member.empty() && kept < max_tracestate_members) {
            members.others.append(",").append(member);
            ++kept;
        }
    }
    return members;
}

// What the service before said in Datadog's way.
struct Said {
    std::string origin;
    std::string tags;                  // as x-datadog-tags has them, without the upper half of the trace id
    std::vector<std::string> entries;  // as the member has them
};

void add_tag(std::string& tags, std::string_view name, std::string_view value) {
    const std::size_t longer = tags.size() + name.size() + value.size() + 2;
    if (longer > max_datadog_tags_bytes) return;
    tags.append(tags.empty() ? "" : ",").append(name).append("=").append(value);
}

Said said_in_headers(const TraceContext& incoming) {
    Said said{std::string(incoming.datadog_origin), {}, {}};
    if (!said.origin.empty()) said.entries.push_back("o:" + encoded_value(said.origin));
    for (std::string_view tags = incoming.datadog_tags; !tags.empty();) {
        std::string_view value = take_until(tags, ',');
        const std::string_view name = trim(take_until(value, '='));
        if (!name.starts_with(propagated) || name == "_dd.p.tid") continue;
        add_tag(said.tags, name, trim(value));
        said.entries.push_back("t." + encoded_name(name.substr(propagated.size())) + ":" + encoded_value(trim(value)));
    }
    return said;
}

Said said_in_member(std::string_view member) {
    Said said;
    while (!member.empty()) {
        const std::string_view entry = take_until(member, ';');
        std::string_view value = entry;
        const std::string_view key = take_until(value, ':');
        if (key.empty() || key == "s" || key == "p") continue;
        said.entries.emplace_back(entry);
        if (key == "o") said.origin = decoded(value);
        if (key.starts_with("t.")) add_tag(said.tags, std::string(propagated).append(key.substr(2)), decoded(value));
    }
    return said;
}

// Headers win; the member's entries stay as they came, since some of them may be of a kind that we do not know.
void put_headers_first(Said& member, Said headers) {
    if (!headers.origin.empty()) member.origin = std::move(headers.origin);
    if (!headers.tags.empty()) member.tags = std::move(headers.tags);
    if (member.entries.empty()) member.entries = std::move(headers.entries);
}

// `dd=s:<priority>;p:<span>` and what else was said, as far as there is room.
std::string datadog_member(const OutgoingTrace& trace, std::uint64_t span_id, const std::vector<std::string>& entries) {
    std::string value;
    if (!trace.datadog_sampling_priority.empty()) value += "s:" + trace.datadog_sampling_priority + ";";
    value.append("p:").append(text_of(to_hex(span_id)));
    for (const std::string& entry : entries) {
        if (value.size() + 1 + entry.size() > max_tracestate_value_bytes) break;
        value.append(";").append(entry);
    }
    return "dd=" + value;
}

}  // namespace

OutgoingTrace to_outgoing(const TraceId& trace_id, std::uint64_t span_id, const std::optional<TraceContext>& incoming) {
    const TraceContext from = incoming.value_or(TraceContext{});
    const Members members = split(from.tracestate);
    Said said = said_in_member(members.datadog);
    put_headers_first(said, said_in_headers(from));

    OutgoingTrace trace;
    trace.traceparent = text_of(to_traceparent(trace_id, span_id, from.priority.value_or(1) > 0));
    trace.datadog_trace_id = std::to_string(low_half(trace_id));
    trace.datadog_parent_id = std::to_string(span_id);
    if (from.priority) trace.datadog_sampling_priority = std::to_string(*from.priority);
    trace.datadog_origin = said.origin;
    if (high_half(trace_id) != 0) add_tag(trace.datadog_tags, "_dd.p.tid", text_of(to_hex(high_half(trace_id))));
    for (std::string_view tags = said.tags; !tags.empty();) {
        std::string_view value = take_until(tags, ',');
        const std::string_view name = take_until(value, '=');
        add_tag(trace.datadog_tags, name, value);
    }
    trace.tracestate = datadog_member(trace, span_id, said.entries) + members.others;
    return trace;
}

}  // namespace outrigger
