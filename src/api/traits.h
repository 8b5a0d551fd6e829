#pragma once

#include <string_view>

#include "base/json.h"
#include "model/json_text.h"

/// The traits of a node or a runbook: a sorted list of names, and the requests that change it
/// (reference: api.md section 11.6).
namespace ferrite::api {

/// The list in a body {"traits": [...]}, sorted, each once. Throws InvalidValue for anything else.
model::JsonText read_traits(const Json& body);

/// Throws InvalidValue for a body with anything in it: the path says all.
void check_no_body(const Json& body);

/// `traits` and `name`, once.
model::JsonText with_trait(const model::JsonText& traits, std::string_view name);
model::JsonText without_trait(const model::JsonText& traits, std::string_view name);
bool has_trait(const model::JsonText& traits, std::string_view name);

/// The answer to a GET: {"traits": [...]}.
std::string traits_document(const model::JsonText& traits);

}  // namespace ferrite::api
