// Which apps have been seen in the last hour, for app_info: at most 100. The writer's thread, under the fold's lock.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/fold/snapshot.h"

namespace outrigger::fold {

class AppTable {
  public:
    static constexpr std::size_t greatest = 100;

    // Beyond the limit only an app that has not been seen for an hour gives way.
    void see(std::string_view service, std::string_view env, std::string_view version, std::int64_t arrival_us);

    const std::vector<AppInfo>& all() const { return apps_; }
    void restore(const std::vector<AppInfo>& apps) { apps_ = apps; }

  private:
    std::vector<AppInfo> apps_;
    std::size_t last_ = 0;  // seen last: events come in runs
};

}  // namespace outrigger::fold
