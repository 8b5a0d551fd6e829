#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "model/node.h"
#include "store/page_query.h"

/// Who may see what: concealment of single things and limits of lists (reference: api.md section
/// 23.5).
namespace ferrite::api {

/// Whether the caller may know that the node exists.
bool is_visible(const Call& call, const model::Node& node);

/// Throws the NotFound of an unknown node unless `node` is visible. `ident` is how the client named
/// it.
void check_visible(const Call& call, const model::Node& node, std::string_view ident);

/// Throws a 403 unless the caller satisfies the rule of the route on this node. Rules of lists and
/// of allocations are not about the node that the path names: they pass here.
void check_rule(const Call& call, const model::Node& node);

/// Both for a part of a node: a port, a port group, a volume connector or target. A caller who may
/// not see its node gets the NotFound of an unknown `noun` ("Port").
void check_access_to_part(const Call& call, std::string_view noun, std::string_view ident,
                          const std::string& node_uuid);

/// For something with an owner of its own. `kind` is "allocation"; a caller who fails
/// `<kind>:get` gets the NotFound of an unknown `noun`, one who fails the rule of the route a 403.
void check_access_to_owned(const Call& call, std::string_view kind, std::string_view noun,
                           std::string_view ident, const std::optional<std::string>& owner);

/// The project that a list of `kind` ("node", "port", "portgroup", "volume", "allocation",
/// "runbook") is limited to; nothing for a caller who may see all. Throws a 403 for one who may
/// list nothing.
std::optional<std::string> list_limit(const Call& call, std::string_view kind);

/// Nodes that are the project's own or leased to it.
store::Condition nodes_of(const std::string& project);
/// Rows whose `node_uuid` is such a node.
store::Condition parts_of_nodes_of(const std::string& project);

/// Adds what limits a list of parts of nodes, if anything does.
void limit_parts(const Call& call, std::string_view kind, std::vector<store::Condition>& where);

}  // namespace ferrite::api
