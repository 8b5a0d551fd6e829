#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace ferrite::model {

/// Appends a stored JSON document with the secrets in it masked (reference: api.md section 8.3):
/// the value of every member whose name holds a secret word or is one of `also`, at any depth, and
/// what follows such a word inside of a text (`password=abc`). Documents without any are copied.
/// `also_when_set` names top-level members that are masked unless they are empty.
void append_masked(std::string& out, std::string_view json, std::span<const std::string_view> also,
                   std::span<const std::string_view> also_when_set = {});

/// Puts the secrets of `stored` back where a client returned their masks, so that reading a
/// document, changing a word and writing it does not destroy them.
void restore_masked(Json& sent, const Json& stored, std::span<const std::string_view> also);

}  // namespace ferrite::model
