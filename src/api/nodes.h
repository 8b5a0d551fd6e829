#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "model/node.h"
#include "store/page_query.h"

namespace ferrite::api {

/// Nodes as the API shows them (reference: api.md section 8).
const Resource<model::Node>& node_resource();

/// Names in driver_info and instance_info that are secret although they hold no secret word.
std::span<const std::string_view> secret_node_names();

/// The node that the request's path or an argument names, for use under the rule of the route.
/// Throws NotFound, also for one that the caller may not see, and a 403 that names the rule.
model::Node find_node(const Call& call, std::string_view ident);

/// The same before it is known which rules apply: whatever is done with it has to be required yet.
model::Node find_visible_node(const Call& call, std::string_view ident);

/// The node that a document says a new part of it, such as a port, belongs to. That it is missing
/// is the document's fault: throws InvalidValue, but only after the 403 of a caller whom the rule
/// of the route lets give parts to none: he learns nothing about nodes.
model::Node node_for_new_part(const Call& call, std::string_view ident);

/// The node that a part of node `from` moves to: one that the caller sees, of the same owner.
/// Throws InvalidValue.
model::Node node_for_moved_part(const Call& call, const std::string& from, std::string_view to);

/// Throws Conflict while the node is being inspected, which finds out about `what`, a part of it
/// (since 1.39).
void refuse_while_inspecting(const Call& call, const std::string& node_uuid, std::string_view what);

/// Rows whose `column` is one of `values`; none of no values.
store::Condition one_of(std::string_view column, const std::vector<std::string>& values);

/// True for rows of a node whose `column` is one of `values`.
store::Condition node_has(std::string_view column, const std::vector<std::string>& values);

/// Throws Error(`status`) unless a conductor serves such a node. The status is 400 where the node
/// is about to be what is asked for, and 404 where it exists already (reference: api.md
/// section 8.7).
void require_conductor(const Call& call, const model::Node& node, int status);

/// The node that the path names, for asking its conductor. Throws NotFound, also when no conductor
/// serves it.
model::Node find_managed_node(const Call& call);

/// Throws InvalidValue unless `data` follows the network data format (section 8.1).
void check_network_data(const Json& data);

/// Throws InvalidValue when a size in the node's properties is no non-negative whole number, and
/// for an empty instance_name.
void check_properties(const Call& call, const model::Node& node);

/// Throws InvalidValue when `capabilities` ask for a boot mode that `[api]
/// disallowed_enrollment_boot_modes` lists.
void check_boot_mode_capability(const Call& call, const Json& capabilities);

}  // namespace ferrite::api
