#include "agent/log/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "shared/thread_name.h"
#include "shared/utf8.h"

namespace outrigger::log {

namespace {

constexpr std::size_t queue_lines = 1024;

// %* in the pattern: the message, escaped.
class Message : public spdlog::custom_flag_formatter {
  public:
    explicit Message(settings::LogFormat format) : format_(format) {}
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        const std::string safe = format_ == settings::LogFormat::json ? escape_json(text) : escape_text(text);
        out.append(safe.data(), safe.data() + safe.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Message>(format_); }

  private:
    settings::LogFormat format_;
};

spdlog::level::level_enum to_level(settings::LogLevel level) {
    switch (level) {
        case settings::LogLevel::debug:
            return spdlog::level::debug;
        case settings::LogLevel::info:
            return spdlog::level::info;
        case settings::LogLevel::warn:
            return spdlog::level::warn;
        case settings::LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

Log::Log(settings::LogFormat format, settings::LogLevel level) {
    spdlog::init_thread_pool(queue_lines, 1, [] { name_this_thread("log"); });
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger_ = std::make_shared<spdlog::async_logger>("outrigger", std::move(sink), spdlog::thread_pool(),
                                                     spdlog::async_overflow_policy::overrun_oldest);
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<Message>('*', format);
    formatter->set_pattern(format == settings::LogFormat::json
                               ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})"
                               : "%Y-%m-%dT%H:%M:%S.%eZ %l %*");
    logger_->set_formatter(std::move(formatter));
    logger_->set_level(to_level(level));
    logger_->flush_on(spdlog::level::info);
    spdlog::set_default_logger(logger_);
}

Log::~Log() { spdlog::shutdown(); }

std::string escape_text(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    const bool clean = utf8::is_clean(text);
    std::string out;
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x20 || value == 0x7f || (value >= 0x80 && !clean)) {
            out += "\\x";
            out += digits[value >> 4];
            out += digits[value & 15];
        } else {
            out += byte;
        }
    }
    return out;
}

std::string escape_json(std::string_view text) {
    std::string out;
    for (const char byte : escape_text(text)) {
        if (byte == '"' || byte == '\\') out += '\\';
        out += byte;
    }
    return out;
}

}  // namespace outrigger::log
