// Processor time, in seconds, to the nanosecond: of us, of our threads, of other processes. It tells less of a busy
// machine than a clock on the wall does.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace outrigger::bench {

double wall_seconds();     // monotonic
double process_seconds();  // all threads of this process
double process_seconds(pid_t process);
double thread_seconds();                       // the calling thread
double thread_seconds(std::string_view name);  // of this process's threads of that name together; 0: there is none
double backend_seconds(long process);          // of somebody else's process, by the scheduler's account

double resident_mib(pid_t process);
double greatest_resident_mib(pid_t process);

}  // namespace outrigger::bench
