#pragma once

#include "conductor/node_session.h"
#include "model/node.h"

namespace ferrite::conductor {

/// Takes over into the locked node what `wanted` changes against `before` (the node as the API read
/// it), after the rules of the reference, api.md sections 9.5 and 9.6. Throws Conflict or
/// InvalidValue that names the field.
void apply_update(NodeSession& session, const model::Node& before, const model::Node& wanted,
                  bool reset_interfaces);

/// Throws unless the node may be deleted (reference: api.md section 8.7).
void check_deletable(const model::Node& node, bool allow_available);

/// Throws InvalidValue for properties that are no numbers where numbers are meant.
void check_properties(const model::Node& node);

}  // namespace ferrite::conductor
