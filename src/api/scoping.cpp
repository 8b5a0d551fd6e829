#include "api/scoping.h"

#include <fmt/core.h>

#include "base/error.h"
#include "store/nodes.h"

namespace ferrite::api {
namespace {

[[noreturn]] void conceal(std::string_view noun, std::string_view ident) {
    throw NotFound(fmt::format("{} {} could not be found.", noun, ident.substr(0, 300)));
}

/// The rule of the route, when it is a rule about such a thing.
void require_rule(const Call& call, PolicySubject about, const PolicyTarget& target) {
    if (call.access.subject(call.rule) == about) call.access.require(call.rule, target);
}

}  // namespace

bool is_visible(const Call& call, const model::Node& node) {
    return call.access.may("node:get", target_of(node));
}

void check_visible(const Call& call, const model::Node& node, std::string_view ident) {
    if (!is_visible(call, node)) conceal("Node", ident);
}

void check_rule(const Call& call, const model::Node& node) {
    if (call.access.enforced()) require_rule(call, PolicySubject::node, target_of(node));
}

void check_access_to_part(const Call& call, std::string_view noun, std::string_view ident,
                          const std::string& node_uuid) {
    if (!call.access.enforced()) return;
    auto node =
        call.store().read([&](store::Sql& db) { return store::nodes::find(db, node_uuid); });
    if (!node || !is_visible(call, *node)) conceal(noun, ident);
    require_rule(call, PolicySubject::node, target_of(*node));
}

void check_access_to_owned(const Call& call, std::string_view kind, std::string_view noun,
                           std::string_view ident, const std::optional<std::string>& owner) {
    if (!call.access.enforced()) return;
    auto target = target_of(kind, owner);
    if (!call.access.may(fmt::format("{}:get", kind), target)) conceal(noun, ident);
    require_rule(call, PolicySubject::allocation, target);
}

std::optional<std::string> list_limit(const Call& call, std::string_view kind) {
    if (!call.access.enforced() || call.access.may(fmt::format("{}:list_all", kind)))
        return std::nullopt;
    const auto& project = call.access.identity().project_id;
    if (project.empty())
        throw Error(403, "not_authorized",
                    fmt::format("Access to baremetal:{0}:list_all is denied, and without a project "
                                "in the token there is nothing that baremetal:{0}:list could show.",
                                kind));
    call.access.require(fmt::format("{}:list", kind));
    return project;
}

store::Condition nodes_of(const std::string& project) {
    return {"(owner = ? OR lessee = ?)", {project, project}};
}

store::Condition parts_of_nodes_of(const std::string& project) {
    return {"node_uuid IN (SELECT uuid FROM nodes WHERE owner = ? OR lessee = ?)",
            {project, project}};
}

void limit_parts(const Call& call, std::string_view kind, std::vector<store::Condition>& where) {
    if (auto project = list_limit(call, kind)) where.push_back(parts_of_nodes_of(*project));
}

}  // namespace ferrite::api
