// JSON lines as the agent speaks them: one object a line, for every language and for people. Intake's thread.
#pragma once

#include "agent/intake/connection.h"
#include "agent/intake/json_line.h"

namespace outrigger::intake {

class LineLanguage {
  public:
    // Takes whole lines from `bytes`, as far as there is room.
    Consumed take(Connection& connection, Admission& admission, Bytes bytes);
    // The client will send no more and left `rest` without a newline. With a hello it is no line (the number would be
    // taken from the event that is sent again); without one it is.
    void take_rest(Connection& connection, Admission& admission, Bytes rest);

    static void welcome(Connection& connection, std::uint64_t next);
    static void acknowledge(Connection& connection, std::uint64_t number);

  private:
    // False: the connection is to be closed.
    bool take_line(Connection& connection, Admission& admission, std::string_view line);
    bool take_hello(Connection& connection, Admission& admission, const Hello& hello);
    void take_request(Connection& connection, Admission& admission, const RequestEvent& event);
    void take_metric(Connection& connection, Admission& admission, const MetricEvent& event);

    JsonLineParser parser_;
    std::vector<std::byte> record_;
};

}  // namespace outrigger::intake
