// Lists the rooms: builds each station, wires them, and stops them in reverse. They stand in stations.h; what a room is
// told is in room_settings, what it hears of the others in hooks, what the door shows in reports. Made by main
// on the main thread.
//
//   intake -> journal writer -> fold -> metrics, statsd
//                     |-> reader -> rows
#pragma once

#include <memory>
#include <vector>

#include "agent/settings/command_line.h"

namespace outrigger {

class Topology {
  public:
    // Everything runs when it returns: replay is done, the socket is open. Throws AlreadyOwned, or
    // std::runtime_error naming the setting that cannot be.
    Topology(const settings::Settings& settings, std::vector<settings::EffectiveSetting> effective);
    ~Topology();

    // Takes what was sent, stores what can be stored, within 10 s in all; the rest is in the journal and goes on at the
    // next start.
    void stop();

  private:
    class Stations;
    std::unique_ptr<Stations> stations_;
};

}  // namespace outrigger
