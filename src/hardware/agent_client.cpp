#include "hardware/agent_client.h"

#include <fmt/core.h>

#include "base/runtime.h"

namespace ferrite::hardware {
namespace {

AgentCommand command_from_json(const Json& value) {
    AgentCommand command;
    command.id = string_member(value, "id");
    command.name = string_member(value, "command_name");
    command.status = string_member(value, "command_status");
    command.result = member(value, "command_result");
    command.error = member(value, "command_error");
    return command;
}

HttpFetch prepare(const model::Node& node, const AgentClient::Options& options,
                  std::string_view url) {
    HttpFetch fetch;
    fetch.timeout = options.timeout;
    fetch.follow_redirects = false;
    fetch.verify_tls = options.verify_tls;
    fetch.ca_pem = node.driver_internal_info.get_text("agent_verify_ca");
    if (!fetch.ca_pem.empty()) fetch.verify_tls = true;
    fetch.url = url;
    return fetch;
}

}  // namespace

std::string AgentCommand::failure() const {
    if (error.is_object()) {
        auto details = string_member(error, "details");
        auto message = string_member(error, "message");
        if (!details.empty()) return details;
        if (!message.empty()) return message;
    }
    if (error.is_string()) return std::string(error.as_string());
    return fmt::format("command {} ended as {}", name, status);
}

Task<Json> AgentClient::exchange(const model::Node* node, std::string method, std::string query,
                                 std::string body) {
    auto url = node->driver_internal_info.get_text("agent_url");
    if (url.empty())
        throw AgentBusy(
            fmt::format("The agent of node {} has not reported its address.", node->uuid));
    auto fetch = prepare(*node, options_, url);
    fetch.method = method;
    fetch.body = std::move(body);
    fetch.headers.set("Content-Type", "application/json");
    fetch.headers.set("Accept", "application/json");
    auto token = node->driver_internal_info.get_text("agent_secret_token");
    fetch.url = fmt::format("{}/v1/commands/?{}agent_token={}", url, query, percent_encode(token));

    HttpFetched answer;
    for (unsigned attempt = 1;; ++attempt) {
        bool again = false;
        try {
            answer = co_await client_.fetch(fetch);
        } catch (const HttpClientError& error) {
            if (attempt >= options_.attempts)
                throw AgentUnreachable(
                    fmt::format("The agent of node {} at {} does not answer: {}", node->uuid, url,
                                error.failure() == HttpFailure::timeout ? "no answer in time"
                                                                        : "connection failed"));
            again = true;
        }
        if (!again) break;
        co_await sleep_for(options_.retry_interval);
    }
    Json parsed;
    try {
        parsed = parse_json(answer.body, 64);
    } catch (const InvalidValue&) {
        // An error page instead of JSON is told by its status below.
    }
    auto fault = string_member(parsed, "faultstring", string_member(parsed, "details"));
    if (answer.status == 409 || fault.find("agent is busy") != std::string::npos)
        throw AgentBusy(
            fmt::format("The agent of node {} is busy with another command.", node->uuid));
    if (answer.status >= 400)
        throw Error(500, "agent",
                    fmt::format("The agent of node {} refused {} with HTTP {}: {}", node->uuid,
                                method, answer.status, fault));
    if (!parsed.is_object())
        throw Error(500, "agent",
                    fmt::format("What answers for the agent of node {} at {} is no agent.",
                                node->uuid, url));
    co_return parsed;
}

Task<AgentCommand> AgentClient::start(const model::Node* node, std::string name,
                                      JsonObject params) {
    JsonObject body;
    body["name"] = name;
    body["params"] = std::move(params);
    co_return command_from_json(
        co_await exchange(node, "POST", "wait=false&", to_text(Json(std::move(body)))));
}

Task<AgentCommand> AgentClient::run(const model::Node* node, std::string name, JsonObject params,
                                    std::chrono::seconds limit) {
    auto command = co_await start(node, name, std::move(params));
    auto deadline = std::chrono::steady_clock::now() + limit;
    auto pause = std::chrono::milliseconds(100);
    while (command.running() && std::chrono::steady_clock::now() < deadline) {
        co_await sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(2000));
        for (auto& known : co_await commands(node))
            if (known.id == command.id) command = std::move(known);
    }
    if (command.running())
        throw Error(500, "agent",
                    fmt::format("Agent command {} on node {} did not end within {} s.", name,
                                node->uuid, limit.count()));
    if (!command.succeeded())
        throw Error(500, "agent",
                    fmt::format("Agent command {} failed on node {}: {}", name, node->uuid,
                                command.failure()));
    co_return command;
}

Task<std::vector<AgentCommand>> AgentClient::commands(const model::Node* node) {
    Json answer = co_await exchange(node, "GET", "", "");
    std::vector<AgentCommand> list;
    if (const auto& items = member(answer, "commands"); items.is_array())
        for (const auto& item : items.as_array()) list.push_back(command_from_json(item));
    co_return list;
}

JsonObject agent_view(const model::Node& node) {
    JsonObject view;
    view["uuid"] = node.uuid;
    view["name"] = node.name ? Json(*node.name) : Json();
    view["driver"] = node.driver;
    view["properties"] = node.properties.object();
    JsonObject instance = node.instance_info.object();
    if (instance.contains("configdrive")) instance["configdrive"] = "******";
    view["instance_info"] = std::move(instance);
    JsonObject internal = node.driver_internal_info.object();
    if (internal.contains("agent_secret_token")) internal["agent_secret_token"] = "******";
    view["driver_internal_info"] = std::move(internal);
    view["target_raid_config"] = node.target_raid_config.object();
    view["raid_config"] = node.raid_config.object();
    view["provision_state"] = node.provision_state ? Json(*node.provision_state) : Json();
    view["instance_uuid"] = node.instance_uuid ? Json(*node.instance_uuid) : Json();
    return view;
}

}  // namespace ferrite::hardware
