#include "api/nodes.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "api/document.h"
#include "api/scoping.h"
#include "api/text.h"
#include "base/error.h"
#include "base/uuid.h"
#include "model/mask.h"
#include "model/node_properties.h"
#include "model/node_secrets.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::api {
namespace {

using model::Node;
using model::since;

void append_masked_json(std::string& out, const model::JsonText& json,
                        std::span<const std::string_view> also,
                        std::span<const std::string_view> also_when_set) {
    if (json.absent())
        out += "{}";
    else
        model::append_masked(out, json.text(), also, also_when_set);
}

/// True when `rule` keeps this caller from reading a field of this node (section 8.3).
bool is_redacted(const Showing& showing, const Node& node, std::string_view rule) {
    return showing.redacts && !showing.call.access.may(rule, target_of(node));
}

std::string redaction(std::string_view rule) {
    return fmt::format("Hidden: reading this takes baremetal:{}.", rule);
}

void append_driver_json(const Showing& showing, const Node& node, const model::JsonText& json,
                        std::string_view rule, std::string& out) {
    if (is_redacted(showing, node, rule)) {
        out += R"({"content":)";
        append_json_string(out, redaction(rule));
        out += '}';
    } else if (showing.shows_passwords) {
        value::append(out, model::FieldType::object, json);
    } else {
        append_masked_json(out, json, model::kSecretDriverNames, {});
    }
}

void append_driver_info(const Showing& showing, const Node& node, std::string& out) {
    append_driver_json(showing, node, node.driver_info, "node:get:driver_info", out);
}

void append_driver_internal_info(const Showing& showing, const Node& node, std::string& out) {
    append_driver_json(showing, node, node.driver_internal_info, "node:get:driver_internal_info",
                       out);
}

void append_instance_info(const Showing& showing, const Node& node, std::string& out) {
    if (showing.shows_instance_secrets)
        value::append(out, model::FieldType::object, node.instance_info);
    else
        append_masked_json(out, node.instance_info, {}, model::kSecretInstanceNames);
}

void append_text_or_redaction(const Showing& showing, const Node& node,
                              const std::optional<std::string>& text, std::string_view rule,
                              std::string& out) {
    if (is_redacted(showing, node, rule))
        append_json_string(out, redaction(rule));
    else
        value::append(out, model::FieldType::text, text);
}

void append_last_error(const Showing& showing, const Node& node, std::string& out) {
    append_text_or_redaction(showing, node, node.last_error, "node:get:last_error", out);
}

void append_reservation(const Showing& showing, const Node& node, std::string& out) {
    append_text_or_redaction(showing, node, node.reservation, "node:get:reservation", out);
}

/// Old clients know fewer states (section 8.5).
void append_provision_state(const Showing& showing, const Node& node, std::string& out) {
    auto state = node.provision_state;
    if (state == model::states::available && !showing.call.has(since(1, 2))) state.reset();
    if (state == model::states::inspect_wait && !showing.call.has(since(1, 39)))
        state = model::states::inspecting;
    value::append(out, model::FieldType::text, state);
}

void append_conductor(const Showing& showing, const Node& node, std::string& out) {
    value::append(
        out, model::FieldType::text,
        showing.call.conductor().conductor_for(node.uuid, node.driver, node.conductor_group));
}

void append_node_links(const Showing& showing, const Node& node, std::string& out) {
    append_links(out, showing, "nodes", node.uuid);
}
void append_ports(const Showing& showing, const Node& node, std::string& out) {
    append_links(out, showing, "nodes", node.uuid, "/ports");
}
void append_states(const Showing& showing, const Node& node, std::string& out) {
    append_links(out, showing, "nodes", node.uuid, "/states");
}
void append_portgroups(const Showing& showing, const Node& node, std::string& out) {
    append_links(out, showing, "nodes", node.uuid, "/portgroups");
}
void append_volume(const Showing& showing, const Node& node, std::string& out) {
    append_links(out, showing, "nodes", node.uuid, "/volume");
}

constexpr View<Node> kViews[] = {
    {"driver_info", {"owner", "lessee"}, append_driver_info},
    {"driver_internal_info", {"owner", "lessee"}, append_driver_internal_info},
    {"last_error", {"owner", "lessee"}, append_last_error},
    {"reservation", {"owner", "lessee"}, append_reservation},
    {"instance_info", {}, append_instance_info},
    {"provision_state", {}, append_provision_state},
    {"conductor", {"driver", "conductor_group"}, append_conductor},
    {"links", {}, append_node_links},
    {"ports", {}, append_ports},
    {"states", {}, append_states},
    {"portgroups", {}, append_portgroups},
    {"volume", {}, append_volume},
};

/// Throws unless `list` is a list of objects that each have the texts `needed`.
void check_network_items(const Json& data, std::string_view list,
                         std::span<const std::string_view> needed) {
    const auto& items = member(data, list);
    if (!items.is_array())
        throw InvalidValue(
            fmt::format("network_data needs the list '{}' (it may be empty).", list));
    for (const auto& item : items.get_array())
        for (auto key : needed)
            if (!member(item, key).is_string())
                throw InvalidValue(fmt::format(
                    "Each element of '{}' in network_data needs '{}', a text.", list, key));
}

}  // namespace

const Resource<Node>& node_resource() {
    static const Resource<Node> resource{
        .noun = "node",
        .collection = "nodes",
        .fields = model::node_fields(),
        .views = kViews,
        .brief_names = "instance_uuid,maintenance,power_state,provision_state,uuid,name",
        .key_field = "uuid",
        .key = &Node::uuid,
    };
    return resource;
}

std::span<const std::string_view> secret_node_names() {
    return model::kSecretNodeNames;
}

Node find_visible_node(const Call& call, std::string_view ident) {
    auto uuid = normalised_uuid(ident);
    if (!uuid && call.has(since(1, 5)) && !call.has(since(1, 10)))
        model::check_node_name(ident, call.version);
    bool usable =
        uuid ? call.parts->manners.any_uuid_form || *uuid == ident : call.has(since(1, 5));
    std::optional<Node> node;
    if (usable)
        node = call.store().look_up([&](store::Sql& db) {
            auto found = store::nodes::find(db, ident);
            if (!found && call.json_suffix)
                found = store::nodes::find(db, fmt::format("{}.json", ident));
            return found;
        });
    if (!node) throw NotFound(fmt::format("Node {} could not be found.", ident.substr(0, 300)));
    check_visible(call, *node, ident);
    return std::move(*node);
}

Node find_node(const Call& call, std::string_view ident) {
    auto node = find_visible_node(call, ident);
    check_rule(call, node);
    return node;
}

Node node_for_new_part(const Call& call, std::string_view ident) {
    auto node = call.store().read([&](store::Sql& db) { return store::nodes::find(db, ident); });
    call.access.require(call.rule, node ? target_of(*node) : PolicyTarget{.kind = "node"});
    if (!node) throw InvalidValue(fmt::format("Node {} could not be found.", ident.substr(0, 300)));
    return std::move(*node);
}

Node node_for_moved_part(const Call& call, const std::string& from, std::string_view to) {
    return call.store().read([&](store::Sql& db) {
        auto old = store::nodes::find(db, from);
        auto node = store::nodes::find(db, to);
        if (!node || !is_visible(call, *node) || (old && old->owner != node->owner))
            throw InvalidValue(fmt::format("Node {} could not be found, or has another owner.",
                                           to.substr(0, 300)));
        return std::move(*node);
    });
}

void refuse_while_inspecting(const Call& call, const std::string& node_uuid,
                             std::string_view what) {
    if (!call.has(since(1, 39))) return;
    auto node =
        call.store().read([&](store::Sql& db) { return store::nodes::find(db, node_uuid); });
    if (node && node->in_state(model::states::inspecting))
        throw Conflict(fmt::format("{} can not be changed while its node {} is being inspected.",
                                   what, node->label()));
}

store::Condition one_of(std::string_view column, const std::vector<std::string>& values) {
    store::Condition condition;
    std::string marks;
    for (const auto& value : values) {
        marks += marks.empty() ? "?" : ",?";
        condition.values.emplace_back(value);
    }
    if (marks.empty()) marks = "NULL";  // not every database knows an empty list
    condition.sql = fmt::format("\"{}\" IN ({})", column, marks);
    return condition;
}

store::Condition node_has(std::string_view column, const std::vector<std::string>& values) {
    auto condition = one_of(column, values);
    condition.sql = fmt::format("node_uuid IN (SELECT uuid FROM nodes WHERE {})", condition.sql);
    return condition;
}

void require_conductor(const Call& call, const Node& node, int status) {
    if (call.conductor().conductor_for(node.uuid, node.driver, node.conductor_group)) return;
    throw Error(status, "no_valid_host",
                fmt::format("No live conductor serves the driver '{}' in conductor group '{}': "
                            "enable the driver on one (enabled_hardware_types), or choose another.",
                            node.driver, node.conductor_group));
}

model::Node find_managed_node(const Call& call) {
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    return node;
}

void check_network_data(const Json& data) {
    constexpr std::array<std::string_view, 2> kLink = {"id", "type"};
    constexpr std::array<std::string_view, 3> kNetwork = {"id", "link", "type"};
    constexpr std::array<std::string_view, 2> kService = {"address", "type"};
    if (!data.is_object()) throw InvalidValue("network_data must be an object.");
    check_network_items(data, "links", kLink);
    check_network_items(data, "networks", kNetwork);
    check_network_items(data, "services", kService);
}

void check_properties(const Call& call, const Node& node) {
    if (node.instance_name && node.instance_name->empty())
        throw InvalidValue("instance_name must have 1 to 255 characters, or be left out.");
    constexpr std::array<std::string_view, 3> kSizes = {"local_gb", "memory_mb", "cpus"};
    model::check_sizes(node, std::span(kSizes).first(call.parts->manners.cpus_are_a_size ? 3 : 2));
}

void check_boot_mode_capability(const Call& call, const Json& capabilities) {
    if (!capabilities.is_string()) return;
    for (auto capability : split(capabilities.get_string(), ',')) {
        capability = trimmed(capability);
        if (!capability.starts_with("boot_mode:")) continue;
        auto mode = capability.substr(std::string_view("boot_mode:").size());
        if (std::ranges::find(call.options().disallowed_enrollment_boot_modes, mode) !=
            call.options().disallowed_enrollment_boot_modes.end())
            throw InvalidValue(
                fmt::format("The boot mode {} may not be set on this service "
                            "(disallowed_enrollment_boot_modes).",
                            mode));
    }
}

}  // namespace ferrite::api
