#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

/// Values in inspection rules: placeholders, and places in documents (reference: conductor.md
/// section 10.4).
namespace ferrite::conductor {

/// `value` with its placeholders filled in from `scope`, in texts however deep: `{node.name}`,
/// `{inventory[cpu][count]}`; `{{` is a brace. A text that is one placeholder becomes what it
/// stands for, of whatever kind. A text whose placeholders lead nowhere stays as it is, or becomes
/// `missing` where one is given.
Json filled_in(const Json& value, const JsonObject& scope,
               const std::optional<Json>& missing = std::nullopt);

/// A value as text: what is text already, without quotes.
std::string plain_text(const Json& value);

/// The place `a/b/0` or `a.b.0` in a document. Throws InvalidValue when it can not be there.
void set_at(Json& document, std::string_view path, Json value);
/// Adds to the list at the place, which is made when it is missing.
enum class Repeats { allowed, left_out };
void extend_at(Json& document, std::string_view path, Json value, Repeats repeats);
/// Nothing happens when there is nothing.
void erase_at(Json& document, std::string_view path);

/// `a` of the path `a/b/c`.
std::string_view first_word(std::string_view path);

}  // namespace ferrite::conductor
