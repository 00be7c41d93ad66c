// Both languages behind one door: the first bytes of a connection choose which one it speaks. Intake's thread alone.
#pragma once

#include "agent/intake/line_language.h"

namespace outrigger::intake {

class Languages {
  public:
    // Takes what the bytes hold whole, as far as there is room. Nothing after a bye.
    Consumed take(Connection& connection, Admission& admission, Bytes bytes);
    // The client will send no more, and left `rest`.
    void take_rest(Connection& connection, Admission& admission, Bytes rest);
    // Writes the welcome that is owed, if what it says is true by now.
    static void welcome(Connection& connection, const Admission& admission);
    // Tells the client what is kept, unless it knows or there is no room for an answer.
    static void acknowledge(Connection& connection);

  private:
    LineLanguage lines_;
};

}  // namespace outrigger::intake
