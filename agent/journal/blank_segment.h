// A file that will be a segment: its space is there, its header and its name are not. Made on the writer's thread when
// it must be, else ahead by SpareSegment; a crash leaves a name that recovery removes.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

struct Failure {
    Op op = Op::write;
    int code = 0;       // errno
    bool full = false;  // not the disk's fault: the journal has no room until a checkpoint lets segments go
};

struct BlankSegment {
    // What lies at `path` already is a leftover and goes. With `durable` the allocation is on disk. An error leaves
    // nothing behind.
    static std::expected<BlankSegment, Failure> make(Disk& disk, const std::filesystem::path& path, std::uint64_t bytes,
                                                     bool durable);

    File file;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
};

}  // namespace outrigger::journal
