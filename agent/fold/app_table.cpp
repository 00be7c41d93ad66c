#include "agent/fold/app_table.h"

#include <algorithm>

#include "agent/fold/metric_names.h"

namespace outrigger::fold {

void AppTable::see(std::string_view service, std::string_view env, std::string_view version, std::int64_t arrival_us) {
    const auto is_it = [&](const AppInfo& app) {
        return app.service == service && app.env == env && app.version == version;
    };
    if (last_ >= apps_.size() || !is_it(apps_[last_])) {
        auto found = std::ranges::find_if(apps_, is_it);
        if (found == apps_.end()) {
            if (apps_.size() >= greatest) {
                found = std::ranges::min_element(apps_, {}, &AppInfo::last_us);
                if (arrival_us - found->last_us < idle_us) return;
            } else {
                found = apps_.emplace(apps_.end());
            }
            *found = {std::string(service), std::string(env), std::string(version), arrival_us};
        }
        last_ = static_cast<std::size_t>(found - apps_.begin());
    }
    apps_[last_].last_us = arrival_us;
}

}  // namespace outrigger::fold
