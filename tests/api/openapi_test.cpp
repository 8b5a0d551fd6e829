#include "api/openapi.h"

#include <set>
#include <string>

#include <gmock/gmock.h>

#include "api/api_fixture.h"
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

// The OpenAPI document against what the service knows, both ways.

namespace ferrite::api {
namespace {

using testing::IsEmpty;

/// Rows that only refuse, with a better word than the router has, need no rule of the policy.
bool only_refuses(const Route& route) {
    return route.rule.empty() && route.answer != show_openapi;
}

std::string described(std::string_view method, std::string_view pattern) {
    return std::string(method) + ' ' + std::string(pattern);
}

class OpenApi : public testing::Test {
protected:
    const Json& schema(std::string_view name) const {
        return member(member(member(document_, "components"), "schemas"), name);
    }

    /// "GET nodes/{node}" of everything in the document.
    std::set<std::string> operations_in_document() const {
        std::set<std::string> all;
        for (const auto& path : member(document_, "paths").get_object())
            for (const auto& operation : path.value().get_object()) {
                std::string method(operation.key());
                for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
                all.insert(described(method, std::string_view(path.key()).substr(4)));
            }
        return all;
    }

    Json document_ = openapi_document(model::kLatestVersion);
};

TEST_F(OpenApi, HasEveryRouteAndNoOther) {
    std::set<std::string> known;
    for (const auto& route : routes())
        if (!only_refuses(route)) known.insert(described(route.method, route.pattern));
    std::vector<std::string> missing, invented;
    auto there = operations_in_document();
    std::ranges::set_difference(known, there, std::back_inserter(missing));
    std::ranges::set_difference(there, known, std::back_inserter(invented));
    EXPECT_THAT(missing, IsEmpty()) << "add rows to openapi_operations.cpp";
    EXPECT_THAT(invented, IsEmpty());
}

TEST_F(OpenApi, DescribesNoRouteTwiceOrInVain) {
    std::set<std::string> seen;
    for (const auto& operation : operations()) {
        auto text = described(operation.method, operation.pattern);
        EXPECT_TRUE(seen.insert(text).second) << text;
        EXPECT_TRUE(route_of(operation.method, operation.pattern)) << text << " is no route";
        EXPECT_FALSE(operation.summary.empty()) << text;
    }
}

template <class R>
void expect_fields(const Json& shown, const Json& created,
                   std::span<const model::Field<R>> fields) {
    std::set<std::string> in_documents, settable, described_shown, described_created;
    for (const auto& field : fields) {
        if (field.shown != model::Shown::never) in_documents.emplace(field.name);
        if (field.settable_on_create) settable.emplace(field.name);
    }
    for (const auto& entry : member(shown, "properties").get_object())
        described_shown.emplace(entry.key());
    for (const auto& entry : member(created, "properties").get_object())
        described_created.emplace(entry.key());
    EXPECT_EQ(described_shown, in_documents);
    EXPECT_EQ(described_created, settable);
}

TEST_F(OpenApi, HasEveryFieldAndNoOther) {
    expect_fields(schema("Node"), schema("NodeCreate"), model::node_fields());
    expect_fields(schema("Port"), schema("PortCreate"), model::port_fields());
    expect_fields(schema("Chassis"), schema("ChassisCreate"), model::chassis_fields());
    expect_fields(schema("Conductor"), schema("ConductorCreate"), model::conductor_fields());
    expect_fields(schema("NodeHistory"), schema("NodeHistoryCreate"), model::node_history_fields());
    expect_fields(schema("Portgroup"), schema("PortgroupCreate"), model::portgroup_fields());
    expect_fields(schema("VolumeConnector"), schema("VolumeConnectorCreate"),
                  model::volume_connector_fields());
    expect_fields(schema("VolumeTarget"), schema("VolumeTargetCreate"),
                  model::volume_target_fields());
    expect_fields(schema("Allocation"), schema("AllocationCreate"), model::allocation_fields());
    expect_fields(schema("DeployTemplate"), schema("DeployTemplateCreate"),
                  model::deploy_template_fields());
    expect_fields(schema("Runbook"), schema("RunbookCreate"), model::runbook_fields());
    expect_fields(schema("InspectionRule"), schema("InspectionRuleCreate"),
                  model::inspection_rule_fields());
}

TEST_F(OpenApi, FieldsNameTheirVersion) {
    const auto& fault = member(member(schema("Node"), "properties"), "fault");
    EXPECT_EQ(string_member(member(fault, "x-openstack"), "min-ver"), "1.42");
    const auto& uuid = member(member(schema("Node"), "properties"), "uuid");
    EXPECT_TRUE(member(uuid, "x-openstack").is_null());
}

TEST_F(OpenApi, OfAPinnedServiceHasNothingNewer) {
    auto old = openapi_document(model::since(1, 41));
    const auto& node =
        member(member(member(member(old, "components"), "schemas"), "Node"), "properties");
    EXPECT_TRUE(member(node, "fault").is_null());
    EXPECT_FALSE(member(node, "traits").is_null());
    EXPECT_TRUE(member(member(old, "paths"), "/v1/conductors").is_null());
}

/// Every `$ref` of the document leads somewhere.
void expect_references(const Json& document, const Json& value) {
    if (value.is_array())
        for (const auto& item : value.get_array()) expect_references(document, item);
    if (!value.is_object()) return;
    for (const auto& entry : value.get_object()) {
        if (entry.key() == "$ref") {
            const Json* at = &document;
            std::string_view target(entry.value().get_string());
            for (auto word : split(target.substr(2), '/')) at = &member(*at, word);
            EXPECT_FALSE(at->is_null()) << target;
        } else {
            expect_references(document, entry.value());
        }
    }
}

TEST_F(OpenApi, LeadsNowhereInVain) {
    expect_references(document_, document_);
}

TEST_F(ApiTest, ServesTheOpenApiDocument) {
    auto answer = get("/v1/openapi");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.string("openapi"), "3.1.0");
}

/// A parameter that the document names is one that the list reads.
TEST_F(ApiTest, ListsTakeTheParametersOfTheOpenApiDocument) {
    for (const auto& parameter : query_parameters()) {
        auto path = std::string("/v1/") + std::string(parameter.collection) + "?" +
                    std::string(parameter.name) + "=" +
                    (parameter.type == "uuid"      ? "11111111-1111-4111-8111-111111111111"
                     : parameter.type == "boolean" ? "true"
                                                   : "unlikely");
        auto answer = get(path);
        EXPECT_EQ(answer.text.find("Unexpected arguments"), std::string::npos) << path;
    }
}

}  // namespace
}  // namespace ferrite::api
