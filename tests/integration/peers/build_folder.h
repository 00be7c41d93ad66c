// Where the programs under test lie, and in which flavour they were built.
#pragma once

#include <filesystem>

namespace outrigger::peers {

std::filesystem::path built(const char* program);  // $PROGRAM_FOLDER, else build/
std::filesystem::path fetched(const char* path);   // a peer that tools/deps unpacked into build/peers
bool sanitized();                                  // memory and time figures do not count then

}  // namespace outrigger::peers
