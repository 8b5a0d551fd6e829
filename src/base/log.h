#pragma once

#include <string>
#include <string_view>

#include <fmt/core.h>

namespace ferrite {

enum class LogLevel { debug, info, warning, error };

/// Where the log goes and how much of it. Call once, at start, before the first thread.
void configure_log(LogLevel level, const std::string& file = "");

/// Writes as much from now on. Any thread.
void set_log_level(LogLevel level);

bool log_enabled(LogLevel level) noexcept;
void write_log(LogLevel level, std::string_view id, std::string_view text);

/// One line per event: an identifier that operators can look up, then `key=value` words.
///
///     log_info("NETBOOT_OFFER_SENT", "node={} address={}", node.uuid, lease.address);
template <typename... Args>
void log_debug(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(LogLevel::debug))
        write_log(LogLevel::debug, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::info, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::warning, id, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(std::string_view id, fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::error, id, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ferrite
