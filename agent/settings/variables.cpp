#include "agent/settings/variables.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "agent/settings/declared.h"
#include "agent/settings/masked.h"
#include "agent/settings/nearest.h"

namespace outrigger::settings {
namespace {

constexpr std::string_view prefix = "OUTRIGGER_";
constexpr std::array<std::string_view, 4> of_emitter_and_app = {"OUTRIGGER_RING_SIZE", "OUTRIGGER_LISTEN",
                                                                "OUTRIGGER_WORKERS", "OUTRIGGER_AGENT"};

// OUTRIGGER_SERVICE_HOST, _SERVICE_PORT, _SERVICE_PORT_<name>, _PORT, _PORT_<number>_<protocol>[_...].
bool is_of_kubernetes(std::string_view name) {
    name.remove_prefix(prefix.size());
    if (name == "SERVICE_HOST" || name == "SERVICE_PORT" || name == "PORT") return true;
    if (name.starts_with("SERVICE_PORT_")) return true;
    if (!name.starts_with("PORT_")) return false;
    name.remove_prefix(5);
    const auto digits = name.find_first_not_of("0123456789");
    return digits != 0 && digits != name.npos && name[digits] == '_';
}

}  // namespace

void refuse_unknown_variables(const Environment& environment) {
    std::vector<std::string_view> known(of_emitter_and_app.begin(), of_emitter_and_app.end());
    for (const auto& setting : declared()) known.push_back(setting.variable);
    for (const auto& [name, value] : environment) {
        if (!name.starts_with(prefix) || is_of_kubernetes(name)) continue;
        if (std::ranges::find(known, name) != known.end()) continue;
        throw SettingsError("unknown variable '" + printable(name) + "': did you mean '" +
                            std::string(nearest(name, known)) + "'?");
    }
}

}  // namespace outrigger::settings
