#include "conductor/operations.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr Operation kOperations[] = {
    {"manage", begin_manage},     {"provide", begin_provide},    {"clean", begin_clean},
    {"active", begin_deploy},     {"deploy", begin_deploy},      {"rebuild", begin_deploy},
    {"deleted", begin_tear_down}, {"undeploy", begin_tear_down}, {"adopt", begin_adopt},
    {"inspect", begin_inspect},   {"rescue", begin_rescue},      {"unrescue", begin_unrescue},
    {"abort", begin_abort},       {"service", begin_service},    {"unhold", begin_unhold},
};

struct Interrupted {
    std::string_view state;
    Task<> (*work)(Services*, NodeSession*);
};
constexpr Interrupted kInterrupted[] = {
    {states::verifying, verify},
    {states::cleaning, continue_clean},
    {states::deploying, continue_deploy},
    {states::deleting, tear_down},
    {states::adopting, adopt},
    {states::inspecting, inspect},
    {states::rescuing, rescue},
    {states::unrescuing, unrescue},
    {states::servicing, continue_service},
};

}  // namespace

const Operation* find_operation(std::string_view verb) {
    auto found = std::ranges::find(kOperations, verb, &Operation::verb);
    return found == std::end(kOperations) ? nullptr : &*found;
}

Begun resumed_work(const model::Node& node) {
    for (const auto& row : kInterrupted)
        if (node.in_state(row.state)) return Work(row.work);
    return std::nullopt;
}

void refuse_in_maintenance(const NodeSession& session, std::string_view verb) {
    if (!session.node.maintenance) return;
    throw InvalidValue(fmt::format(
        "'{}' is not possible while node {} is in maintenance; take it out of maintenance first.",
        verb, session.node.uuid));
}

void refuse_protected(const NodeSession& session, std::string_view verb) {
    if (!session.node.is_protected) return;
    throw Error(
        403, "node_protected",
        fmt::format("'{}' is not possible: node {} is protected{}{}. Unset protected first.", verb,
                    session.node.uuid, session.node.protected_reason ? ": " : "",
                    session.node.protected_reason.value_or("")));
}

void refuse_above_limit(NodeSession& session, std::span<const std::string_view> busy, int limit,
                        std::string_view option) {
    if (limit <= 0) return;
    auto count = session.services().store.read(
        [&](store::Sql& db) { return store::nodes::count_in_states(db, busy); });
    if (count >= limit)
        throw Error(503, "concurrent_action_limit",
                    fmt::format("{} nodes are at it already, which is the limit that [conductor]{} "
                                "sets; retry later.",
                                count, option));
}

}  // namespace ferrite::conductor
