#include <algorithm>
#include <array>
#include <set>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/ramdisk.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "model/port.h"
#include "model/states.h"
#include "store/nodes.h"

/// What an agent found out about its machine (reference: api.md section 22.3, checks in its order).
namespace ferrite::api {
namespace {

using conductor::InspectionReport;
using model::Node;
using model::since;

/// Agents that know no versions ask for this one.
constexpr auto kOldest = since(1, 1);

/// One text for whatever is wrong: nobody learns which machines are known here.
[[noreturn]] void refuse() {
    throw NotFound("No node awaits the inspection data of this machine.");
}

void check_interfaces(const Json& inventory) {
    const auto& interfaces = member(inventory, "interfaces");
    if (!interfaces.is_array() || interfaces.get_array().empty())
        throw InvalidValue("The inventory needs interfaces, a list that is not empty.");
    for (const auto& interface : interfaces.get_array())
        if (!member(interface, "mac_address").is_string())
            throw InvalidValue("Each interface of the inventory needs mac_address, a text.");
}

/// The body, its inventory apart from all else. Throws InvalidValue.
InspectionReport read_report(Json body) {
    check_is_object(body, "inspection report");
    InspectionReport report;
    auto& members = body.get_object();
    auto* inventory = members.if_contains("inventory");
    if (!inventory || !inventory->is_object())
        throw InvalidValue("The body needs inventory, an object.");
    check_interfaces(*inventory);
    for (auto key : {"bmc_address", "bmc_v6address"})
        if (const auto& address = member(*inventory, key);
            !address.is_null() && !address.is_string())
            throw InvalidValue(fmt::format("{} of the inventory must be a text or null.", key));
    report.inventory = std::move(inventory->get_object());
    members.stable_erase(members.find("inventory"));
    report.plugin_data = std::move(members);
    return report;
}

/// By what a report finds its node.
struct Marks {
    std::optional<std::string> uuid;
    std::vector<std::string> macs;
    std::vector<std::string> bmc_addresses;
};

Marks marks_of(const InspectionReport& report, std::optional<std::string> uuid) {
    Marks marks{.uuid = std::move(uuid)};
    Json inventory(report.inventory);
    for (const auto& interface : member(inventory, "interfaces").get_array())
        if (auto mac = model::normalised_mac(string_member(interface, "mac_address")))
            marks.macs.push_back(*mac);
    for (auto key : {"bmc_address", "bmc_v6address"})
        if (auto address = string_member(inventory, key); !address.empty())
            marks.bmc_addresses.push_back(std::move(address));
    return marks;
}

/// UUIDs of the waiting nodes whose BMC has one of these addresses.
std::set<std::string> nodes_with_bmcs(store::Sql& db, const std::vector<std::string>& addresses) {
    std::set<std::string> uuids;
    constexpr std::array kWaiting = {model::states::inspect_wait};
    if (addresses.empty()) return uuids;
    for (const auto& uuid : store::nodes::in_states(db, kWaiting)) {
        auto known = store::nodes::get(db, uuid).driver_internal_info.get("lookup_bmc_addresses");
        if (!known.is_array()) continue;
        for (const auto& address : addresses)
            if (std::ranges::find(known.get_array(), Json(address)) != known.get_array().end())
                uuids.insert(uuid);
    }
    return uuids;
}

/// The node that all marks agree on; nothing when none of them leads to one.
std::optional<Node> find_marked(store::Sql& db, const Marks& marks) {
    auto uuids = nodes_with_macs(db, marks.macs);
    uuids.merge(nodes_with_bmcs(db, marks.bmc_addresses));
    if (marks.uuid) uuids.insert(*marks.uuid);
    if (uuids.size() > 1) refuse();
    if (uuids.empty()) return std::nullopt;
    auto node = store::nodes::find(db, *uuids.begin());
    if (!node || !node->in_state(model::states::inspect_wait)) refuse();
    return node;
}

/// Makes a node of a machine that nobody knows.
Task<Node> discover(Call call) {
    Node node;
    node.uuid = new_uuid();
    node.driver = call.options().auto_discovery_driver;
    node.provision_state = model::states::enroll;
    node.conductor_group = call.options().default_conductor_group;
    node.resource_class = call.options().default_resource_class;
    try {
        require_conductor(call, node, 400);
        node = co_await call.conductor().create_node(call.context, node);
    } catch (const Error& error) {
        log_error("DISCOVERY_FAILED", "request={} driver={} error={}", call.context.request_id,
                  node.driver, error.message());
        throw Error(500, "discovery_failed", "No node could be made of this machine.");
    }
    log_info("NODE_DISCOVERED", "node={} driver={}", node.uuid, node.driver);
    co_return node;
}

}  // namespace

Task<HttpResponse> continue_inspection(Call call) {
    auto arguments = Arguments::of_query(call);
    auto uuid = arguments.uuid("node_uuid");
    arguments.finish();
    auto report = read_report(call.document());
    check_ramdisk_enabled(call);
    bool old_agent = call.version == kOldest && !uuid;
    if (!old_agent && !call.has(since(1, 84)))
        throw NotFound("Inspection reports are part of the API since version 1.84.");
    auto marks = marks_of(report, uuid);
    if (marks.macs.empty() && marks.bmc_addresses.empty() && !uuid)
        throw InvalidValue(
            "The report names no valid MAC address, no BMC address and no node_uuid.");

    auto node = call.store().read([&](store::Sql& db) { return find_marked(db, marks); });
    if (!node && !call.options().auto_discovery) refuse();
    if (!node) {
        node = co_await discover(call);
        report.discovered = true;
        report.plugin_data["auto_discovered"] = true;
    }
    require_conductor(call, *node, 400);
    // First: the lock is the inspection's from then on.
    auto token = old_agent ? Json() : co_await token_for_agent(call, *node);
    co_await call.conductor().continue_inspection(call.context, node->uuid, std::move(report));
    if (old_agent) co_return json_reply(202, fmt::format(R"({{"uuid":"{}"}})", node->uuid));
    co_return json_reply(202, agent_document(call, node->uuid, std::move(token)));
}

}  // namespace ferrite::api
