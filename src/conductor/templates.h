#pragma once

#include "base/json.h"
#include "conductor/node_session.h"

/// What deploy templates have to do with a node (reference: conductor.md sections 8.4, 9.7).
namespace ferrite::conductor {

/// The steps of the templates that the instance asks for by its traits; without those that
/// `[api]disallow_deploy_steps` names. Throws InvalidValue when two templates have the same step.
JsonArray template_steps(const NodeSession& session);

/// Throws InvalidValue unless instance_info.traits is a list of traits that the node has.
void check_instance_traits(const model::Node& node);

}  // namespace ferrite::conductor
