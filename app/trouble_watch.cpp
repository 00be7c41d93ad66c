#include "app/trouble_watch.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace outrigger::app {

TroubleWatch::TroubleWatch(std::function<std::string()> trouble, std::function<void(const std::string&)> say,
                           std::chrono::milliseconds period)
    : thread_([trouble = std::move(trouble), say = std::move(say), period](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any never;
          std::string said;
          for (std::unique_lock lock(mutex); !stop.stop_requested();) {
              std::string now = trouble();
              if (now != said) say(now.empty() ? "the agent can be reached again" : "no way to the agent: " + now);
              said = std::move(now);
              never.wait_for(lock, stop, period, [] { return false; });
          }
      }) {}

}  // namespace outrigger::app
