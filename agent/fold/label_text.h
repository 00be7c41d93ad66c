// Labels as the text formats write them, and the label names of each naming set. Rendered once for each label set.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/fold/settings.h"

namespace outrigger::fold {

inline constexpr std::string_view other_value = "__other__";  // what stands for label values beyond the cap

// The names of a naming set's own labels.
struct LabelNames {
    std::string_view service, method, route, status;
    bool count_has_route = true;  // whether the count and exceptions families carry the route
};
const LabelNames& label_names(NamingSet names);

// Appends name="value", a comma first unless `out` is empty. Escapes \, " and newline.
void append_label(std::string& out, std::string_view name, std::string_view value);
void append_value(std::string& out, std::string_view value);  // ="value"
// A tag's key as a label name: what is not [a-zA-Z0-9_] becomes _; tag_ comes before what then is no label name.
void append_label_name(std::string& out, std::string_view tag_key);
// The same for request series, where names that a naming set uses get the prefix too.
std::string to_label_name(std::string_view tag_key);

}  // namespace outrigger::fold
