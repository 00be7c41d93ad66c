// Events of tests as bytes: measured and written as the emitter does it.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <vector>

#include "shared/record.h"

namespace outrigger::test {

template <typename Event>
std::vector<std::byte> encoded(const Event& event) {
    const auto measured = measure(event);
    if (!measured) throw std::runtime_error("refused: " + std::string(measured.error().field));
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    return record;
}

}  // namespace outrigger::test
