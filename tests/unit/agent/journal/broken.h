// A journal of its own on a disk that fails on demand.
#pragma once

#include <memory>

#include "tests/unit/agent/journal/faulty_disk.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {

struct Broken {
    TestFolder folder;
    std::shared_ptr<FaultyDisk> disk = std::make_shared<FaultyDisk>();
    JournalSettings settings = with_disk();

    JournalSettings with_disk() const {
        auto made = folder.settings();
        made.disk = disk;
        return made;
    }
};

}  // namespace outrigger::journal
