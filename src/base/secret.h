#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace ferrite {

/// A password, token or key. It prints and formats as `[secret]`; only `reveal()` gives the text,
/// and a reviewer greps for that word.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }
    bool operator==(const Secret&) const = default;

private:
    std::string text_;
};

}  // namespace ferrite

/// How fmt prints a Secret.
template <>
struct fmt::formatter<ferrite::Secret> {
    constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
    auto format(const ferrite::Secret&, fmt::format_context& context) const {
        return std::ranges::copy(std::string_view("[secret]"), context.out()).out;
    }
};
