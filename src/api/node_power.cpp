#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "model/states.h"

namespace ferrite::api {
namespace {

using model::Node;
using model::since;
namespace power = model::power;
namespace states = model::states;

void check_state(const Node& node, std::string_view target) {
    if (node.in_state(states::cleaning) || node.in_state(states::clean_wait))
        throw InvalidValue(fmt::format(
            "The power of node {} can not be changed while it is in provision state '{}'.",
            node.label(), *node.provision_state));
    bool switches_off = target == power::off || target == power::soft_off;
    if (switches_off && node.disable_power_off)
        throw Conflict(fmt::format("Node {} may not be switched off: its disable_power_off is set.",
                                   node.label()));
}

}  // namespace

/// Section 10.7.
Task<HttpResponse> set_node_power(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto target = arguments.required_text("target").value_or("");
    auto timeout = arguments.integer("timeout");
    arguments.finish();

    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    if (target == power::soft_off || target == power::soft_reboot || timeout.value_or(0) != 0)
        require_version(call, since(1, 27), "Soft power control");
    if (timeout && *timeout < 1)
        throw InvalidValue("The timeout of a power action must be 1 second or more.");
    if (!power::is_action(target))
        throw InvalidValue(fmt::format(
            "'{}' is no power action: there are power on, power off, rebooting, soft rebooting and "
            "soft power off.",
            target.substr(0, 100)));
    check_state(node, target);
    std::optional<std::chrono::seconds> wait;
    if (timeout) wait = std::chrono::seconds(*timeout);
    co_await call.conductor().change_power(call.context, node.uuid, target, wait);
    co_return located(empty_reply(202), call, fmt::format("nodes/{}/states", call.words[0]));
}

}  // namespace ferrite::api
