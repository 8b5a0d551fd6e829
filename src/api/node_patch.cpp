#include <algorithm>

#include <fmt/core.h>

#include "api/announce.h"
#include "api/arguments.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/patch.h"
#include "api/scoping.h"
#include "api/text.h"
#include "model/states.h"
#include "store/allocations.h"
#include "store/chassis.h"
#include "store/nodes.h"

/// PATCH of a node; the checks stand in the order of the reference's table 9.4.
namespace ferrite::api {
namespace {

using model::Node;
using model::since;
using Steps = std::vector<PatchStep>;

const PatchStep* find_setting(const Steps& steps, std::string_view field) {
    auto step = std::ranges::find_if(steps, [&](const PatchStep& s) { return s.sets(field); });
    return step == steps.end() ? nullptr : &*step;
}

/// 3: a boot mode that this service does not take.
void check_boot_mode(const Call& call, const Steps& steps) {
    for (const auto& step : steps) {
        if (step.root() != "properties" || !step.value) continue;
        if (step.whole_field())
            check_boot_mode_capability(call, member(*step.value, "capabilities"));
        else if (step.path.size() == 2 && step.path[1] == "capabilities")
            check_boot_mode_capability(call, *step.value);
    }
}

/// 7: values that are wrong whatever the node.
void check_values(const Steps& steps) {
    if (const auto* step = find_setting(steps, "description");
        step && step->value && step->value->is_string() &&
        characters(step->value->get_string()) > 4096)
        throw InvalidValue("The description of a node takes at most 4096 characters.");
    if (const auto* step = find_setting(steps, "network_data"); step && step->value)
        check_network_data(*step->value);
}

/// Which rule a change of a field needs, where it is not simply `node:update`.
struct FieldRule {
    std::string_view field;
    std::string_view rule;
};

constexpr FieldRule kFieldRules[] = {
    {"instance_info", "node:update_instance_info"},
    {"instance_name", "node:update_instance_info"},
    {"extra", "node:update_extra"},
    {"driver_info", "node:update:driver_info"},
    {"properties", "node:update:properties"},
    {"chassis_uuid", "node:update:chassis_uuid"},
    {"instance_uuid", "node:update:instance_uuid"},
    {"lessee", "node:update:lessee"},
    {"owner", "node:update:owner"},
    {"driver", "node:update:driver_interfaces"},
    {"network_data", "node:update:network_data"},
    {"conductor_group", "node:update:conductor_group"},
    {"name", "node:update:name"},
    {"retired", "node:update:retired"},
    {"retired_reason", "node:update:retired"},
    {"shard", "node:update:shard"},
    {"parent_node", "node:update:parent_node"},
    {"disable_power_off", "node:update:disable_power_off"},
};

bool means_false(const Json& value) {
    if (value.is_bool()) return !value.get_bool();
    return value.is_string() && boolean_word(value.get_string()) == false;
}

std::string_view rule_for(const PatchStep& step) {
    auto field = step.root();
    for (const auto& row : kFieldRules)
        if (row.field == field) return row.rule;
    if (field.ends_with("_interface")) return "node:update:driver_interfaces";
    if (field == "automated_clean" && step.value && means_false(*step.value))
        return "node:disable_cleaning";
    return "node:update";
}

/// 8: every rule that the patch touches; one that touches nothing is an update all the same.
void check_rules(const Call& call, const Node& node, const Steps& steps) {
    if (!call.access.enforced()) return;
    auto target = target_of(node);
    if (steps.empty()) call.access.require("node:update", target);
    for (const auto& step : steps) call.access.require(rule_for(step), target);
}

/// 9: the parent by any name, of the same owner.
void settle_parent(const Call& call, const Node& before, Node& node) {
    if (!node.parent_node || node.parent_node == before.parent_node) return;
    auto parent = call.store().read(
        [&](store::Sql& db) { return store::nodes::find(db, *node.parent_node); });
    if (!parent || !is_visible(call, *parent) || parent->owner != node.owner ||
        parent->uuid == node.uuid)
        throw InvalidValue("The node named as parent_node does not exist, or has another owner.");
    node.parent_node = parent->uuid;
}

/// 10 to 12: the instance may always be taken from a node in maintenance; else a node that is under
/// way is left alone.
void check_state(const Call& call, const Node& node, const Steps& steps) {
    bool frees_instance = steps.size() == 1 && steps[0].op == PatchStep::Op::remove &&
                          steps[0].whole_field() && steps[0].root() == "instance_uuid";
    if (node.maintenance && frees_instance) return;
    const auto* state = model::states::find(node.provision_state.value_or(""));
    bool under_way = node.target_provision_state && !(state && state->update_allowed);
    bool inspecting = node.in_state(model::states::inspecting) && call.has(since(1, 39));
    if (under_way || inspecting)
        throw Conflict(fmt::format(
            "Node {} is in provision state '{}' and can not be changed until that is over.",
            node.label(), node.provision_state.value_or("")));
}

/// 13.
void check_owner(const Call& call, const Node& node, const Steps& steps) {
    bool touches_owner =
        std::ranges::any_of(steps, [](const PatchStep& s) { return s.root() == "owner"; });
    if (!touches_owner) return;
    if (node.in_state(model::states::active) &&
        !call.access.may("node:update_owner_provisioned", target_of(node)))
        throw Conflict(
            fmt::format("Node {} is active, and changing its owner then takes "
                        "baremetal:node:update_owner_provisioned.",
                        node.label()));
    if (!node.allocation_uuid) return;
    auto allocation = call.store().read(
        [&](store::Sql& db) { return store::allocations::find(db, *node.allocation_uuid); });
    if (allocation && allocation->owner)
        throw Conflict(fmt::format(
            "The owner of node {} follows from its allocation {} and can not be changed.",
            node.label(), *node.allocation_uuid));
}

/// 14.
void check_names(const Call& call, const Node& node, const Steps& steps) {
    for (const auto& step : steps) {
        if (!step.sets("name")) continue;
        require_version(call, since(1, 5), "A node's name");
        if (!step.value || !step.value->is_string())
            throw InvalidValue(fmt::format(
                "The name of node {} must be a text; remove /name to take it away.", node.uuid));
        model::check_node_name(step.value->get_string(), call.version);
    }
}

/// 16.
void check_chassis(const Call& call, const Node& before, const Node& node) {
    if (node.chassis_uuid == before.chassis_uuid) return;
    if (!node.chassis_uuid)
        return require_version(call, since(1, 25), "Taking a node out of its chassis");
    auto chassis = call.store().read(
        [&](store::Sql& db) { return store::chassis::find(db, *node.chassis_uuid); });
    if (!chassis)
        throw InvalidValue(fmt::format("Chassis {} could not be found.", *node.chassis_uuid));
}

/// 18.
void check_console(const Node& before, const Node& node) {
    if (before.driver != node.driver && before.console_enabled)
        throw Conflict(fmt::format(
            "The driver of node {} can not be changed while its console is on: switch that off.",
            node.label()));
}

/// Who administers a project may delete its nodes, where the configuration lets him.
void check_deletion(const Call& call, const Node& node) {
    auto target = target_of(node);
    bool own = call.options().project_admin_can_manage_own_nodes &&
               call.access.may("node:delete:self_owned_node", target);
    if (!own) call.access.require("node:delete", target);
}

/// The answer shows the node as it is while the conductor writes it: held by that conductor.
void show_holder(const Call& call, Node& node) {
    if (!node.reservation)
        node.reservation =
            call.conductor().conductor_for(node.uuid, node.driver, node.conductor_group);
}

}  // namespace

Task<HttpResponse> patch_node(Call call) {
    auto arguments = Arguments::of_query(call);
    auto reset_interfaces = arguments.flag("reset_interfaces");
    arguments.finish();
    auto steps = read_patch(call.document());
    if (reset_interfaces) require_version(call, since(1, 45), "The argument reset_interfaces");
    check_boot_mode(call, steps);
    check_patch_roots(node_resource(), call, steps);
    check_patch_versions(node_resource(), call, steps);
    if (reset_interfaces.value_or(false) && !find_setting(steps, "driver"))
        throw InvalidValue("reset_interfaces=true goes with a new driver: set /driver too.");
    check_values(steps);

    auto before = find_visible_node(call, call.words[0]);
    check_rules(call, before, steps);
    check_state(call, before, steps);
    check_owner(call, before, steps);
    check_names(call, before, steps);
    auto node = patched(node_resource(), before, steps, secret_node_names());
    node.conductor_group = lower_case(node.conductor_group);
    check_properties(call, node);
    settle_parent(call, before, node);
    check_chassis(call, before, node);
    require_conductor(call, node, 400);
    check_console(before, node);
    auto updated =
        co_await announced(&call, "update", &node,
                           call.conductor().update_node(call.context, std::move(before), node,
                                                        reset_interfaces.value_or(false)));
    show_holder(call, updated);
    co_return json_reply(200, document_text(node_resource(), call, updated));
}

Task<HttpResponse> delete_node(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_visible_node(call, call.words[0]);
    check_deletion(call, node);
    require_conductor(call, node, 400);
    co_await announced(&call, "delete", &node,
                       call.conductor().destroy_node(call.context, node.uuid));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
