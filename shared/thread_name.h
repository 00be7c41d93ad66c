// What `top -H`, `ps -L` and `perf report --sort comm` call the thread that says so: at most 15 bytes. Everybody's.
#pragma once

#include <pthread.h>

namespace outrigger {

inline void name_this_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace outrigger
