// The record protocol as the agent speaks it: frames in, welcome, acks and refusals out. Intake's thread.
#pragma once

#include "agent/intake/connection.h"

namespace outrigger::intake::records {

// Takes whole frames from `bytes`, as far as there is room. The magic is part of the first bytes.
Consumed take(Connection& connection, Admission& admission, Bytes bytes);
void welcome(Connection& connection, std::uint64_t next);
void acknowledge(Connection& connection, std::uint64_t number);

}  // namespace outrigger::intake::records
