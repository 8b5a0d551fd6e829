#include "model/micro_version.h"

#include <utility>

namespace ferrite::model {
namespace {

constexpr std::pair<std::string_view, int> kReleases[] = {
    {"9.2", 35},  {"10.1", 38},  {"11.1", 46},  {"12.1", 56},  {"13.0", 58},
    {"15.0", 65}, {"16.0", 68},  {"17.0", 72},  {"18.2", 78},  {"20.1", 78},
    {"21.1", 80}, {"21.4", 82},  {"23.0", 87},  {"24.1", 90},  {"26.1", 93},
    {"29.0", 96}, {"32.0", 101}, {"35.0", 111}, {"37.0", 112},
};

}  // namespace

std::optional<MicroVersion> version_of_release(std::string_view release) {
    for (auto [name, minor] : kReleases)
        if (name == release) return MicroVersion{minor};
    return std::nullopt;
}

}  // namespace ferrite::model
