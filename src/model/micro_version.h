#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace ferrite::model {

/// An API microversion of major version 1 (reference: api.md section 3). Comparable and constexpr.
struct MicroVersion {
    int minor = 1;
    auto operator<=>(const MicroVersion&) const = default;
    std::string text() const { return "1." + std::to_string(minor); }
};

inline constexpr MicroVersion kMinimumVersion{1};
inline constexpr MicroVersion kLatestVersion{115};

constexpr MicroVersion since(int /*major*/, int minor) {
    return {minor};
}

/// The newest microversion of an OpenStack release (`pin_release_version`: "21.4" or "2023.1");
/// nothing for a release that is not known. Table: reference api.md section 3.3.
std::optional<MicroVersion> version_of_release(std::string_view release);

}  // namespace ferrite::model
