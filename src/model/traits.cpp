#include "model/traits.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::model {
namespace {

constexpr std::string_view kStandard[] = {
#include "model/standard_traits.inc"
};
static_assert(std::ranges::is_sorted(kStandard));

constexpr std::string_view kCustom = "CUSTOM_";
constexpr std::size_t kLongest = 255;

bool is_custom(std::string_view name) {
    if (!name.starts_with(kCustom) || name.size() == kCustom.size()) return false;
    return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == name.npos;
}

}  // namespace

bool is_trait(std::string_view name) {
    return name.size() <= kLongest &&
           (is_custom(name) || std::ranges::binary_search(kStandard, name));
}

void check_trait(std::string_view name) {
    if (is_trait(name)) return;
    throw InvalidValue(fmt::format(
        "'{}' is no trait: write CUSTOM_ and capital letters, digits and underscores, 255 "
        "characters at most, or a name of the standard list such as HW_CPU_X86_AVX.",
        name.substr(0, 100)));
}

}  // namespace ferrite::model
