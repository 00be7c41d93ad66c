#include "shared/propagated_tags.h"

#include <algorithm>
#include <utility>

#include "shared/text.h"

namespace outrigger {
namespace {

constexpr std::string_view propagated = "_dd.p.";  // what tags begin with that go from service to service

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

PropagatedTags said_in_headers(const TraceContext& incoming) {
    PropagatedTags said{std::string(incoming.datadog_origin), {}, {}};
    if (!said.origin.empty()) said.entries.push_back("o:" + encoded_value(said.origin));
    for (std::string_view tags = incoming.datadog_tags; !tags.empty();) {
        std::string_view value = take_until(tags, ',');
        const std::string_view name = trim(take_until(value, '='));
        if (!name.starts_with(propagated) || name == "_dd.p.tid") continue;
        add_datadog_tag(said.tags, name, trim(value));
        said.entries.push_back("t." + encoded_name(name.substr(propagated.size())) + ":" + encoded_value(trim(value)));
    }
    return said;
}

PropagatedTags said_in_member(std::string_view member) {
    PropagatedTags said;
    while (!member.empty()) {
        const std::string_view entry = take_until(member, ';');
        std::string_view value = entry;
        const std::string_view key = trim(take_until(value, ':'));  // as whoever reads the tags made of it trims
        if (key.empty() || key == "s" || key == "p" || key == "t.tid") continue;
        said.entries.emplace_back(entry);
        if (key == "o") said.origin = decoded(value);
        if (key.starts_with("t."))
            add_datadog_tag(said.tags, std::string(propagated).append(key.substr(2)), decoded(value));
    }
    return said;
}

// Headers win; the member's entries stay as they came, since some of them may be of a kind that we do not know.
void put_headers_first(PropagatedTags& member, PropagatedTags headers) {
    if (!headers.origin.empty()) member.origin = std::move(headers.origin);
    if (!headers.tags.empty()) member.tags = std::move(headers.tags);
    if (member.entries.empty()) member.entries = std::move(headers.entries);
}

}  // namespace

PropagatedTags propagated_tags(const TraceContext& incoming) {
    PropagatedTags said = said_in_member(split_tracestate(incoming.tracestate).datadog);
    put_headers_first(said, said_in_headers(incoming));
    return said;
}

void add_datadog_tag(std::string& tags, std::string_view name, std::string_view value) {
    const std::size_t longer = tags.size() + name.size() + value.size() + 2;
    if (longer > max_datadog_tags_bytes) return;
    tags.append(tags.empty() ? "" : ",").append(name).append("=").append(value);
}

TracestateMembers split_tracestate(std::string_view tracestate) {
    TracestateMembers members;
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

}  // namespace outrigger
