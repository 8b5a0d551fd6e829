#include "api/openapi.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "api/text.h"
#include "model/allocation.h"
#include "model/chassis.h"
#include "model/conductor.h"
#include "model/deploy_template.h"
#include "model/inspection_rule.h"
#include "model/node.h"
#include "model/node_history.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/runbook.h"
#include "model/volume.h"

namespace ferrite::api {
namespace {

using model::FieldType;
using model::MicroVersion;

// --- schemas of resources, from their field tables ---

JsonObject type_schema(FieldType type) {
    switch (type) {
        case FieldType::text:
            return {{"type", "string"}};
        case FieldType::uuid:
            return {{"type", "string"}, {"format", "uuid"}};
        case FieldType::boolean:
            return {{"type", "boolean"}};
        case FieldType::integer:
            return {{"type", "integer"}};
        case FieldType::object:
            return {{"type", "object"}};
        case FieldType::list:
            return {{"type", "array"}, {"items", JsonObject()}};
        case FieldType::timestamp:
            return {{"type", "string"}, {"format", "date-time"}};
    }
    return {};
}

void name_version(JsonObject& schema, MicroVersion since) {
    if (since > model::kMinimumVersion)
        schema["x-openstack"] = JsonObject{{"min-ver", since.text()}};
}

template <class R>
JsonObject field_schema(const model::Field<R>& field) {
    auto schema = type_schema(field.type);
    if (field.nullable) schema["type"] = JsonArray{schema["type"], "null"};
    if (field.max_length > 0) schema["maxLength"] = field.max_length;
    if (field.masked) schema["description"] = "Secrets in it are shown as asterisks.";
    name_version(schema, field.since);
    return schema;
}

/// What a resource looks like in an answer.
template <class R>
JsonObject shown_schema(std::span<const model::Field<R>> fields, MicroVersion max) {
    JsonObject properties;
    for (const auto& field : fields) {
        if (field.shown == model::Shown::never || field.since > max) continue;
        auto schema = field_schema(field);
        if (!field.settable_on_create && !field.settable_on_patch) schema["readOnly"] = true;
        properties[field.name] = std::move(schema);
    }
    return {{"type", "object"}, {"properties", std::move(properties)}};
}

/// What a POST may say of it.
template <class R>
JsonObject created_schema(std::span<const model::Field<R>> fields, MicroVersion max) {
    JsonObject properties;
    JsonArray required;
    for (const auto& field : fields) {
        if (!field.settable_on_create || field.since > max) continue;
        properties[field.name] = field_schema(field);
        if (field.required) required.emplace_back(field.name);
    }
    JsonObject schema{
        {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
}

struct ResourceSchema {
    std::string_view name;
    JsonObject (*shown)(MicroVersion max);
    JsonObject (*created)(MicroVersion max);
};

template <auto fields>
constexpr ResourceSchema resource(std::string_view name) {
    return {name, [](MicroVersion max) { return shown_schema(fields(), max); },
            [](MicroVersion max) { return created_schema(fields(), max); }};
}

constexpr ResourceSchema kResources[] = {
    resource<model::node_fields>("Node"),
    resource<model::port_fields>("Port"),
    resource<model::chassis_fields>("Chassis"),
    resource<model::conductor_fields>("Conductor"),
    resource<model::node_history_fields>("NodeHistory"),
    resource<model::portgroup_fields>("Portgroup"),
    resource<model::volume_connector_fields>("VolumeConnector"),
    resource<model::volume_target_fields>("VolumeTarget"),
    resource<model::allocation_fields>("Allocation"),
    resource<model::deploy_template_fields>("DeployTemplate"),
    resource<model::runbook_fields>("Runbook"),
    resource<model::inspection_rule_fields>("InspectionRule"),
};

// --- schemas of everything else ---

struct BodySchema {
    std::string_view name;
    std::string_view text;
};
constexpr BodySchema kBodies[] = {
    {"Object", R"({"type":"object"})"},
    {"Patch", R"({"type":"array","items":{"type":"object","required":["op","path"],"properties":{
        "op":{"enum":["add","replace","remove"]},"path":{"type":"string","pattern":"^/"},
        "value":{}}}})"},
    {"Validation", R"({"type":"object","additionalProperties":{"type":"object","properties":{
        "result":{"type":["boolean","null"]},"reason":{"type":["string","null"]}}}})"},
    {"NodeStates", R"({"type":"object"})"},
    {"Target", R"({"type":"object","required":["target"],"properties":{"target":{}}})"},
    {"PowerTarget", R"({"type":"object","required":["target"],"properties":{
        "target":{"enum":["power on","power off","rebooting","soft rebooting","soft power off"]},
        "timeout":{"type":"integer","minimum":1}}})"},
    {"ProvisionTarget", R"({"type":"object","required":["target"],"properties":{
        "target":{"type":"string"},"configdrive":{"type":["string","object","null"]},
        "clean_steps":{"type":"array","items":{"type":"object"}},
        "deploy_steps":{"type":"array","items":{"type":"object"}},
        "service_steps":{"type":"array","items":{"type":"object"}},
        "rescue_password":{"type":"string"},"runbook":{"type":"string"},
        "disable_ramdisk":{"type":"boolean"}}})"},
    {"Enabled", R"({"type":"object","required":["enabled"],"properties":{
        "enabled":{"type":"boolean"}}})"},
    {"BootDevice", R"({"type":"object","required":["boot_device"],"properties":{
        "boot_device":{"type":["string","null"]},"persistent":{"type":["boolean","null"]}}})"},
    {"Maintenance", R"({"type":"object","properties":{"reason":{"type":["string","null"]}}})"},
    {"Traits", R"({"type":"object","required":["traits"],"properties":{
        "traits":{"type":"array","items":{"type":"string","maxLength":255}}}})"},
    {"VirtualMedia", R"({"type":"object","required":["device_type","image_url"],"properties":{
        "device_type":{"enum":["disk","cdrom","floppy"]},"image_url":{"type":"string"},
        "image_download_source":{"enum":["http","local","swift"]}}})"},
    {"Heartbeat", R"({"type":"object","required":["callback_url"],"properties":{
        "callback_url":{"type":"string"},"agent_token":{"type":"string"},
        "agent_version":{"type":"string"},"agent_verify_ca":{"type":"string"},
        "agent_status":{"type":"string"},"agent_status_message":{"type":"string"}}})"},
    {"Fault", R"({"type":"object","required":["error_message"],"properties":{
        "error_message":{"type":"object","properties":{"faultcode":{"type":"string"},
        "faultstring":{"type":"string"},"debuginfo":{"type":["string","null"]}}}}})"},
};

JsonObject schemas(MicroVersion max) {
    JsonObject all;
    for (const auto& [name, shown, created] : kResources) {
        all[name] = shown(max);
        all[fmt::format("{}Create", name)] = created(max);
    }
    for (const auto& [name, text] : kBodies) all[name] = parse_json(text);
    return all;
}

JsonObject reference(std::string_view kind, std::string_view name) {
    return {{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
}

JsonObject json_content(JsonObject schema) {
    return {{"application/json", JsonObject{{"schema", std::move(schema)}}}};
}

// --- paths ---

/// A list has the name of its collection: the word before `detail`, or the last one.
std::string_view collection_of(std::string_view pattern) {
    auto words = split(pattern, '/');
    if (words.back() == "detail") words.pop_back();
    return words.back();
}

JsonObject response_schema(const Operation& operation) {
    auto name = operation.response;
    if (!name.starts_with('[')) return reference("schemas", name);
    name = name.substr(1, name.size() - 2);
    JsonObject list{{"type", "array"}, {"items", reference("schemas", name)}};
    JsonObject properties{{collection_of(operation.pattern), std::move(list)},
                          {"next", JsonObject{{"type", "string"}, {"format", "uri"}}}};
    return {{"type", "object"}, {"properties", std::move(properties)}};
}

JsonObject request_schema(std::string_view name) {
    bool created =
        std::ranges::any_of(kResources, [&](const auto& row) { return row.name == name; });
    return reference("schemas", created ? fmt::format("{}Create", name) : std::string(name));
}

JsonObject query_schema(std::string_view type) {
    if (type == "uuid") return type_schema(FieldType::uuid);
    return {{"type", type}};
}

void add_list_parameters(JsonArray& parameters, const Operation& operation, MicroVersion max) {
    constexpr std::string_view kOfEveryList[] = {"marker",   "limit",  "sort_key",
                                                 "sort_dir", "fields", "detail"};
    for (auto name : kOfEveryList) parameters.push_back(reference("parameters", name));
    auto collection = operation.pattern;
    if (collection.ends_with("/detail")) collection.remove_suffix(7);
    for (const auto& parameter : query_parameters()) {
        if (parameter.collection != collection || parameter.since > max) continue;
        JsonObject described{
            {"name", parameter.name}, {"in", "query"}, {"schema", query_schema(parameter.type)}};
        name_version(described, parameter.since);
        parameters.emplace_back(std::move(described));
    }
}

JsonArray parameters_of(const Operation& operation, MicroVersion max) {
    JsonArray parameters{reference("parameters", "version")};
    for (auto word : split(operation.pattern, '/'))
        if (word.starts_with('{'))
            parameters.push_back(JsonObject{{"name", word.substr(1, word.size() - 2)},
                                            {"in", "path"},
                                            {"required", true},
                                            {"schema", JsonObject{{"type", "string"}}}});
    if (operation.response.starts_with('[')) add_list_parameters(parameters, operation, max);
    return parameters;
}

/// A name that no other operation has, made of what it does: `get_nodes_node_states`.
std::string operation_id(const Operation& operation) {
    auto id = lower_case(operation.method) + '_';
    for (char c : operation.pattern)
        if (c != '{' && c != '}') id += c == '/' ? '_' : c;
    return id;
}

JsonObject describe(const Operation& operation, MicroVersion since, MicroVersion max) {
    JsonObject success{{"description", "Success."}};
    if (!operation.response.empty()) success["content"] = json_content(response_schema(operation));
    JsonObject described{
        {"operationId", operation_id(operation)},
        {"summary", operation.summary},
        {"tags", JsonArray{split(operation.pattern, '/').front()}},
        {"parameters", parameters_of(operation, max)},
        {"responses", JsonObject{{std::to_string(operation.status), std::move(success)},
                                 {"default", reference("responses", "Fault")}}}};
    if (!operation.request.empty())
        described["requestBody"] =
            JsonObject{{"content", json_content(request_schema(operation.request))}};
    name_version(described, since);
    return described;
}

JsonObject paths(MicroVersion max) {
    JsonObject all;
    for (const auto& operation : operations()) {
        const auto* route = route_of(operation.method, operation.pattern);
        if (!route || route->since > max) continue;
        auto& path = all[fmt::format("/v1/{}", operation.pattern)];
        if (path.is_null()) path = JsonObject();
        path.get_object()[lower_case(operation.method)] = describe(operation, route->since, max);
    }
    return all;
}

JsonObject shared_parameters() {
    auto query = [](std::string_view name, JsonObject schema) {
        return JsonObject{{"name", name}, {"in", "query"}, {"schema", std::move(schema)}};
    };
    return {
        {"version", JsonObject{{"name", "X-OpenStack-Ironic-API-Version"},
                               {"in", "header"},
                               {"description", "The microversion to speak; 1.1 without it."},
                               {"schema", JsonObject{{"type", "string"}}}}},
        {"marker", query("marker", {{"type", "string"}})},
        {"limit", query("limit", {{"type", "integer"}, {"minimum", 0}})},
        {"sort_key", query("sort_key", {{"type", "string"}})},
        {"sort_dir", query("sort_dir", {{"enum", JsonArray{"asc", "desc"}}})},
        {"fields", query("fields", {{"type", "string"}})},
        {"detail", query("detail", {{"type", "boolean"}})},
    };
}

}  // namespace

HttpResponse show_openapi(const Call& call) {
    return json_reply(200, to_text(openapi_document(call.options().max_version)));
}

Json openapi_document(MicroVersion max) {
    JsonObject fault{{"description", "What went wrong, and what to do."},
                     {"content", json_content(reference("schemas", "Fault"))}};
    JsonObject components{{"schemas", schemas(max)},
                          {"parameters", shared_parameters()},
                          {"responses", JsonObject{{"Fault", std::move(fault)}}}};
    return JsonObject{
        {"openapi", "3.1.0"},
        {"info",
         JsonObject{{"title", "Ferrite: the Bare Metal API"},
                    {"version", max.text()},
                    {"license", JsonObject{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"paths", paths(max)},
        {"components", std::move(components)}};
}

}  // namespace ferrite::api
