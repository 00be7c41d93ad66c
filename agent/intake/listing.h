// The names in a folder, a bounded number at a time: each time it goes on where it stopped, so that many files cost
// time and hide nothing. Intake's thread alone.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace outrigger::intake {

class Listing {
  public:
    explicit Listing(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& folder() const { return folder_; }

    // Shows up to `most` names. True: that was the last of them, and the next call begins anew; so too when there is
    // no folder. What comes while it is on its way through may be shown only then.
    bool read(std::size_t most, const std::function<void(std::string_view name)>& show);

  private:
    std::filesystem::path folder_;
    std::unique_ptr<DIR, int (*)(DIR*)> open_{nullptr, &::closedir};
};

}  // namespace outrigger::intake
