#pragma once

#include <string>
#include <utility>

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

/// How fmt prints a Secret.
inline const char* format_as(const Secret&) { return "[secret]"; }

}  // namespace ferrite
