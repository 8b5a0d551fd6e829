#pragma once

#include <cstddef>
#include <string_view>

/// Which names in documents are those of secrets: `admin_password`, `agent_secret_token`
/// (reference: api.md section 8.3).
namespace ferrite {

/// What stands in place of a secret.
inline constexpr std::string_view kMask = "******";

/// Where a secret word is in a text; npos when there is none.
struct SecretWord {
    std::size_t at = std::string_view::npos;
    std::size_t end = std::string_view::npos;
};

/// The first secret word at or behind `from`, in letters of either case.
SecretWord find_secret_word(std::string_view text, std::size_t from = 0);

/// Whether a member of that name is a secret, or a document may hold such a member.
bool is_secret_word_in(std::string_view text);

}  // namespace ferrite
