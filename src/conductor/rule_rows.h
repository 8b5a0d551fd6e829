#pragma once

#include <functional>
#include <string_view>

#include "base/json.h"
#include "model/node.h"
#include "model/port.h"

/// Nodes and ports as documents, which is how inspection rules see and change them (reference:
/// conductor.md section 10.4).
namespace ferrite::conductor {

/// All fields of the node. Secrets in it are masked: no rule can copy them elsewhere.
JsonObject document_for_rules(const model::Node& node);

/// Changes the row as a document, and takes over the field that `path` begins with. Throws
/// InvalidValue when that is no field that a rule may change, or for a value that it can not have.
using Edit = std::function<void(Json& document)>;
void edit_node(model::Node& node, std::string_view path, const Edit& edit);
void edit_port(model::Port& port, std::string_view path, const Edit& edit);

}  // namespace ferrite::conductor
