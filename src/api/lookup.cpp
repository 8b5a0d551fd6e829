#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/ramdisk.h"
#include "api/text.h"
#include "base/error.h"
#include "base/secret_words.h"
#include "model/mask.h"
#include "model/port.h"
#include "model/states.h"
#include "store/nodes.h"
#include "store/ports.h"

/// How a booted agent finds out which node it runs on (reference: api.md section 22.1).
namespace ferrite::api {
namespace {

using model::Node;
using model::since;

constexpr std::array<std::string_view, 5> kNodeFields = {"uuid", "properties", "instance_info",
                                                         "driver_internal_info", "links"};

/// One text for whatever is wrong: nobody learns which machines are known here.
[[noreturn]] void refuse() {
    throw NotFound(
        "No node matches these addresses, or the one that does awaits no agent at present.");
}

std::vector<std::string> valid_macs(const std::optional<std::string>& addresses) {
    std::vector<std::string> macs;
    if (!addresses) return macs;
    for (auto word : split(*addresses, ','))
        if (auto mac = model::normalised_mac(trimmed(word))) macs.push_back(*mac);
    return macs;
}

/// The one node that has ports with these addresses.
std::optional<Node> find_by_macs(store::Sql& db, const std::vector<std::string>& macs) {
    auto uuids = nodes_with_macs(db, macs);
    return uuids.size() == 1 ? store::nodes::find(db, *uuids.begin()) : std::nullopt;
}

bool has_fast_track(const Call& call, const Node& node) {
    auto info = node.driver_info.value();
    const auto& own = member(info, "fast_track");
    if (own.is_null()) return call.options().fast_track;
    std::optional<bool> flag;
    if (own.is_bool()) flag = own.get_bool();
    if (own.is_string()) flag = boolean_word(own.get_string());
    if (!flag)
        throw InvalidValue(
            fmt::format("driver_info/fast_track of node {} must be true or false.", node.uuid));
    return *flag;
}

bool awaits_agent(const Call& call, const Node& node) {
    if (!call.options().restrict_lookup) return true;
    const auto* state = model::states::find(node.provision_state.value_or(""));
    if (!state) return false;
    return state->lookup_allowed || (state->fast_track_lookup && has_fast_track(call, node));
}

bool has_token(const Node& node) {
    return node.driver_internal_info.object().contains("agent_secret_token");
}

void check_lock(const Node& node) {
    if (!has_token(node) && node.reservation)
        throw Error(
            409, "node_locked",
            fmt::format("Node {} is locked by host {}: try again.", node.uuid, *node.reservation));
}

JsonObject agent_config(const Call& call, const Node& node, Json token) {
    const auto& options = call.options();
    JsonObject config;
    config["metrics"] = JsonObject{{"backend", "noop"},
                                   {"prepend_host", false},
                                   {"prepend_uuid", false},
                                   {"prepend_host_reverse", true},
                                   {"global_prefix", nullptr}};
    config["metrics_statsd"] = JsonObject{{"statsd_host", "localhost"}, {"statsd_port", 8125}};
    config["heartbeat_timeout"] = options.ramdisk_heartbeat_timeout.count();
    config["agent_containers"] =
        JsonObject{{"allow_arbitrary_containers", false},
                   {"allowed_containers", JsonArray()},
                   {"container_steps_file", "/etc/ironic-python-agent.d/mysteps.yaml"},
                   {"runner", "podman"},
                   {"pull_options", JsonArray()},
                   {"run_options", JsonArray{"--rm", "--network=host"}}};
    config["agent_token"] = std::move(token);
    config["agent_token_required"] = true;
    config["agent_md5_checksum_enable"] = options.allow_md5_checksum;
    config["disable_deep_image_inspection"] = options.disable_deep_image_inspection;
    config["permitted_image_formats"] =
        JsonArray(options.permitted_image_formats.begin(), options.permitted_image_formats.end());
    config["agent_skip_bmc_detect"] =
        node.management_interface == "redfish" || node.management_interface == "idrac-redfish";
    config["enable_bios_bootloader_install"] = false;
    config["tls_min_version"] = "1.3";
    config["tls_cipher_suites"] = nullptr;
    return config;
}

}  // namespace

void check_ramdisk_enabled(const Call& call) {
    if (!call.options().enable_ramdisk_endpoints)
        throw Error(403, "ramdisk_endpoints_disabled",
                    "This service answers no agents: see [api]enable_ramdisk_endpoints.");
}

void check_ramdisk_endpoint(const Call& call) {
    check_ramdisk_enabled(call);
    if (!call.has(since(1, 22))) nothing_here(call);
}

std::set<std::string> nodes_with_macs(store::Sql& db, const std::vector<std::string>& macs) {
    std::set<std::string> uuids;
    for (const auto& mac : macs)
        if (auto port = store::ports::find_by_address(db, mac)) uuids.insert(port->node_uuid);
    return uuids;
}

Task<Json> token_for_agent(Call call, Node node) {
    if (!call.has(since(1, 62))) co_return has_token(node) ? Json(kMask) : Json();
    require_conductor(call, node, 400);
    check_lock(node);
    co_return Json(co_await call.conductor().agent_token(call.context, node.uuid));
}

std::string agent_document(const Call& call, const std::string& uuid, Json token) {
    auto node = call.store().read([&](store::Sql& db) { return store::nodes::get(db, uuid); });
    std::string body = R"({"config":)" + to_text(Json(agent_config(call, node, std::move(token))));
    body += R"(,"node":)";
    Document<Node>::of_part(node_resource(), call, kNodeFields).append(Showing(call), node, body);
    body += '}';
    return body;
}

Task<HttpResponse> look_up_node(Call call) {
    auto arguments = Arguments::of_query(call);
    auto addresses = arguments.text("addresses");
    auto uuid = arguments.uuid("node_uuid");
    arguments.finish();
    check_ramdisk_endpoint(call);
    auto macs = valid_macs(addresses);
    if (macs.empty() && !uuid)
        throw InvalidValue(
            "Give the MAC addresses of the machine (addresses=...) or its node_uuid.");

    auto node = call.store().read([&](store::Sql& db) {
        return uuid ? store::nodes::find(db, *uuid) : find_by_macs(db, macs);
    });
    if (!node || !awaits_agent(call, *node)) refuse();

    auto token = co_await token_for_agent(call, *node);
    co_return json_reply(200, agent_document(call, node->uuid, std::move(token)));
}

}  // namespace ferrite::api
