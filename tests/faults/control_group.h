// A control group (version 1) of one process: how much memory or processor it gets, or that it stands still.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace outrigger::faults {

class ControlGroup {
  public:
    // `kind`: memory, cpu or freezer. Throws std::runtime_error when it cannot be made.
    explicit ControlGroup(const std::string& kind);
    ~ControlGroup();  // its processes go back to where they came from

    void set(const std::string& name, const std::string& value) const;
    std::string get(const std::string& name) const;
    void take(pid_t process) const;

    static std::string unavailable(const std::string& kind);

  private:
    std::filesystem::path parent_, path_;
};

}  // namespace outrigger::faults
