#include "base/log.h"

#include <memory>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/error.h"
#include "base/log_scope.h"

namespace ferrite {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view level_word(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::info:
            return "INFO";
        case LogLevel::warning:
            return "WARNING";
        case LogLevel::error:
            return "ERROR";
    }
    return "ERROR";
}

std::unique_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel level) {
    auto logger = std::make_unique<spdlog::logger>("ferrite", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
    logger->set_level(spdlog_level(level));
    logger->flush_on(spdlog::level::trace);  // the last line before a crash is the one that counts
    return logger;
}

/// The one log of the process. Standard error from `info` up until configure_log says otherwise.
std::unique_ptr<spdlog::logger>& current_logger() {
    static auto logger =
        make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), LogLevel::info);
    return logger;
}

/// Appends `text` with its control characters made visible: what a client or a BMC sends must not
/// be able to begin a line of its own or to steer the operator's terminal.
void append_one_line(std::string& line, std::string_view text) {
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            line += "\\n";
        } else if (c == '\r') {
            line += "\\r";
        } else if (c == '\t') {
            line += ' ';
        } else if (byte < 0x20 || byte == 0x7F) {
            line += fmt::format("\\x{:02x}", byte);
        } else {
            line += c;
        }
    }
}

}  // namespace

void configure_log(LogLevel level, const std::string& file) {
    try {
        spdlog::sink_ptr sink;
        if (file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
        }
        current_logger() = make_logger(std::move(sink), level);
    } catch (const spdlog::spdlog_ex& failure) {
        throw Error(500, "log_file", fmt::format("Cannot open the log file: {}.", failure.what()));
    }
}

void set_log_level(LogLevel level) {
    current_logger()->set_level(spdlog_level(level));
}

bool log_enabled(LogLevel level) noexcept {
    return current_logger()->should_log(spdlog_level(level));
}

void write_log(LogLevel level, std::string_view id, std::string_view text) {
    if (!log_enabled(level)) return;
    std::string line(level_word(level));
    line += ' ';
    line += id;
    line += ' ';
    append_one_line(line, text);
    if (const auto& words = log_words(); !words.empty()) {
        line += ' ';
        append_one_line(line, words);
    }
    current_logger()->log(spdlog_level(level), std::string_view(line));
}

}  // namespace ferrite
