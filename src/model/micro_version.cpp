#include "model/micro_version.h"

namespace ferrite::model {
namespace {

struct Release {
    std::string_view number;
    std::string_view name;  ///< Of the OpenStack release it belongs to; empty for the older ones.
    int minor;
};

constexpr Release kReleases[] = {
    {"9.2", "", 35},        {"10.1", "", 38},        {"11.1", "", 46},
    {"12.1", "", 56},       {"13.0", "", 58},        {"15.0", "", 65},
    {"16.0", "", 68},       {"17.0", "", 72},        {"18.2", "", 78},
    {"20.1", "", 78},       {"21.1", "", 80},        {"21.4", "2023.1", 82},
    {"23.0", "2023.2", 87}, {"24.1", "2024.1", 90},  {"26.1", "2024.2", 93},
    {"29.0", "2025.1", 96}, {"32.0", "2025.2", 101}, {"35.0", "2026.1", 111},
    {"37.0", "", 112},
};

}  // namespace

std::optional<MicroVersion> version_of_release(std::string_view release) {
    if (release.empty()) return std::nullopt;
    for (const auto& row : kReleases)
        if (row.number == release || row.name == release) return MicroVersion{row.minor};
    return std::nullopt;
}

}  // namespace ferrite::model
