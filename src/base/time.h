#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ferrite {

/// Points in time as they are stored and shown: UTC, microseconds.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// The present time, cut to whole seconds as the database of the original keeps it.
Timestamp now_seconds();

/// `2026-08-20T18:25:07+00:00`, with six decimals only when there is a fraction (reference: api.md
/// section 1).
std::string to_text(Timestamp time);

/// Reads what `to_text` writes; nothing for anything else.
std::optional<Timestamp> parse_timestamp(std::string_view text);

}  // namespace ferrite
