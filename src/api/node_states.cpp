#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "model/states.h"

/// What is set below a node's states beside power and provisioning (reference: api.md sections 10.8
/// to 10.11).
namespace ferrite::api {
namespace {

void refuse_while_busy(const model::Node& node, std::string_view what) {
    const auto* state = model::states::find(node.provision_state.value_or(""));
    if (!state || !state->unstable) return;
    throw Conflict(
        fmt::format("The {} of node {} can not be changed while it is in provision state '{}'.",
                    what, node.label(), state->name));
}

HttpResponse accepted(const Call& call, std::string_view where) {
    return located(empty_reply(202), call, fmt::format("nodes/{}/{}", call.words[0], where));
}

}  // namespace

Task<HttpResponse> set_node_boot_mode(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto mode = arguments.required_text("target").value_or("");
    arguments.finish();
    auto node = find_managed_node(call);
    if (mode != "bios" && mode != "uefi")
        throw InvalidValue(fmt::format("'{}' is no boot mode: the target may be bios or uefi.",
                                       mode.substr(0, 100)));
    refuse_while_busy(node, "boot mode");
    co_await call.conductor().set_boot_mode(call.context, node.uuid, mode);
    co_return accepted(call, "states");
}

Task<HttpResponse> set_node_secure_boot(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto on = arguments.required_flag("target");
    arguments.finish();
    auto node = find_managed_node(call);
    if (!on)
        throw InvalidValue("The target of secure boot must be true or false: null is neither.");
    refuse_while_busy(node, "secure boot state");
    co_await call.conductor().set_secure_boot(call.context, node.uuid, *on);
    co_return accepted(call, "states");
}

Task<HttpResponse> show_node_console(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed_node(call);
    auto access = co_await call.conductor().console(call.context, node.uuid);
    JsonObject body;
    body["console_enabled"] = access.has_value();
    body["console_info"] = access ? Json(std::move(*access)) : Json();
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> set_node_console(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    bool enabled = arguments.required_flag("enabled").value_or(false);
    arguments.finish();
    auto node = find_managed_node(call);
    co_await call.conductor().set_console(call.context, node.uuid, enabled);
    co_return accepted(call, "states/console");
}

Task<HttpResponse> set_node_raid(Call call) {
    Arguments::of_query(call).finish();
    auto body = call.document();
    if (!body.is_object())
        throw InvalidValue("The target RAID configuration must be an object; {} takes it away.");
    auto node = find_managed_node(call);
    co_await call.conductor().set_target_raid_config(call.context, node.uuid,
                                                     std::move(body.get_object()));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
