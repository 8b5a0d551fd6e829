#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/ramdisk.h"
#include "base/error.h"

/// The agent's sign of life (reference: api.md section 22.2, checks in its order).
namespace ferrite::api {
namespace {

using conductor::Heartbeat;
using model::Node;
using model::since;

void require_field(const Call& call, bool given, std::string_view name, model::MicroVersion first) {
    if (given && !call.has(first))
        throw InvalidValue(fmt::format("The argument {} is part of the API since version {}.", name,
                                       first.text()));
}

Heartbeat read(const Call& call) {
    auto arguments = Arguments::of_query_and_body(call);
    Heartbeat beat;
    auto url = arguments.required_text("callback_url");
    beat.callback_url = url.value_or("");
    beat.agent_version = arguments.text("agent_version");
    beat.agent_token = arguments.text("agent_token").value_or("");
    beat.agent_verify_ca = arguments.text("agent_verify_ca");
    beat.agent_status = arguments.text("agent_status");
    beat.agent_status_message = arguments.text("agent_status_message");
    arguments.finish();
    return beat;
}

void check_versions(const Call& call, const Heartbeat& beat) {
    require_field(call, beat.agent_version.has_value(), "agent_version", since(1, 36));
    require_field(call, beat.agent_status.has_value(), "agent_status", since(1, 72));
    require_field(call, beat.agent_status_message.has_value(), "agent_status_message",
                  since(1, 72));
    require_field(call, beat.agent_verify_ca.has_value(), "agent_verify_ca", since(1, 68));
}

void check_url(const Node& node, const Heartbeat& beat) {
    const auto& url = beat.callback_url;
    auto scheme = url.substr(0, url.find(':'));
    if (!url.empty() && scheme.find("http") == std::string::npos)
        throw InvalidValue("callback_url must be an http or https URL, or empty.");
    auto known = string_member(node.driver_internal_info.value(), "agent_url");
    if (!known.empty() && known != url)
        throw InvalidValue(fmt::format(
            "The agent of node {} is known at another URL: it can not change it.", node.uuid));
}

void check_status(const Heartbeat& beat) {
    if (!beat.agent_status) return;
    const auto& status = *beat.agent_status;
    if (status != "start" && status != "end" && status != "error")
        throw InvalidValue("agent_status must be start, end or error.");
}

}  // namespace

Task<HttpResponse> receive_heartbeat(Call call) {
    auto beat = read(call);
    check_ramdisk_endpoint(call);
    check_versions(call, beat);
    auto node = find_node(call, call.words[0]);
    check_url(node, beat);
    if (beat.agent_token.empty())
        throw InvalidValue("agent_token is missing: an agent gets one when it looks its node up.");
    check_status(beat);
    require_conductor(call, node, 400);
    if (!beat.agent_version && !beat.agent_status)
        throw InvalidValue("agent_version is missing: agents without it are no longer supported.");
    if (call.options().agent_require_tls && !beat.callback_url.empty() &&
        !beat.callback_url.starts_with("https://"))
        throw InvalidValue(
            "callback_url must begin with https:// as [agent]require_tls is on: give the agent a "
            "certificate, or switch that off.");
    co_await call.conductor().heartbeat(call.context, node.uuid, std::move(beat));
    co_return empty_reply(202);
}

}  // namespace ferrite::api
