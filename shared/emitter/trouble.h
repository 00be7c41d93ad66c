// What keeps a process from its agent and only a person can mend: a right that is missing, a hello that is refused. Set
// by the sender's thread; any thread may ask.
#pragma once

#include <mutex>
#include <string>

namespace outrigger {

class Trouble {
  public:
    // Empty: none, or no more.
    void connection(std::string what) { set(connection_, std::move(what)); }
    void ring(std::string what) { set(ring_, std::move(what)); }

    // One line: names the file, the error and what to do.
    std::string text() const {
        const std::scoped_lock lock(mutex_);
        return connection_.empty() ? ring_ : connection_;
    }

  private:
    void set(std::string& place, std::string what) {
        const std::scoped_lock lock(mutex_);
        place = std::move(what);
    }

    mutable std::mutex mutex_;  // guards the two below
    std::string connection_;
    std::string ring_;
};

}  // namespace outrigger
