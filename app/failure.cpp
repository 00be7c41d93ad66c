#include "app/failure.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

#include "shared/limits.h"

namespace outrigger::app {
namespace {

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                           &std::free};
    return status == 0 ? std::string{text.get()} : std::string{name};
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string hex(std::uintptr_t value) {
    std::array<char, 2 * sizeof(value)> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string{digits.data(), end};
}

std::string frame_text(void* frame) {
    // A frame is the address to return to; the call itself lies before it, perhaps in another function.
    const auto address = reinterpret_cast<std::uintptr_t>(frame) - 1;
    Dl_info found{};
    if (dladdr(reinterpret_cast<void*>(address), &found) == 0) return hex(address);
    const auto offset = hex(address - reinterpret_cast<std::uintptr_t>(found.dli_fbase));
    const auto place = std::string{file_name(found.dli_fname)} + "+" + offset;
    return found.dli_sname == nullptr ? place : demangled(found.dli_sname) + " (" + place + ")";
}

}  // namespace

Trace::Trace() { depth_ = static_cast<std::size_t>(backtrace(frames_.data(), static_cast<int>(frames_.size()))); }

std::string Trace::text() const {
    std::string lines;
    for (std::size_t i = 1; i < depth_; ++i) {  // the first frame is our own constructor
        const auto line = "at " + frame_text(frames_[i]) + "\n";
        if (lines.size() + line.size() > limits::error_stack_bytes) break;
        lines += line;
    }
    return lines;
}

Failure describe(const std::exception& error) {
    const auto* traced = dynamic_cast<const Traced*>(&error);
    return {demangled(typeid(error).name()), error.what(), traced != nullptr ? traced->trace().text() : Trace{}.text()};
}

Failure describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        return describe(known);
    } catch (...) {
        const auto* type = abi::__cxa_current_exception_type();
        return {type != nullptr ? demangled(type->name()) : "unknown", "not a std::exception", Trace{}.text()};
    }
}

}  // namespace outrigger::app
