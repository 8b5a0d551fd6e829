#include "model/inspection_rule.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<InspectionRule> kFields[] = {
    // clang-format off
    field("uuid", uuid, &InspectionRule::uuid, since(1, 96), brief, on_create, unique),
    field("priority", integer, &InspectionRule::priority, since(1, 96), brief, always, not_null),
    field("phase", text, &InspectionRule::phase, since(1, 96), brief, always, at_most(16)),
    field("description", text, &InspectionRule::description, since(1, 96), brief, always, at_most(255)),
    field("sensitive", boolean, &InspectionRule::sensitive, since(1, 96), always, not_null),
    field("actions", list, &InspectionRule::actions, since(1, 96), always, required),
    field("conditions", list, &InspectionRule::conditions, since(1, 96), always),
    field("created_at", timestamp, &InspectionRule::created_at, since(1, 96)),
    field("updated_at", timestamp, &InspectionRule::updated_at, since(1, 96)),
    computed<InspectionRule>("links", list, since(1, 96), brief),
    // clang-format on
};

constexpr RuleOperation kConditions[] = {
    {"eq", "values", "force_strings"}, {"lt", "values", "force_strings"},
    {"gt", "values", "force_strings"}, {"is-empty", "value", ""},
    {"in-net", "address,subnet", ""},  {"matches", "value,regex", ""},
    {"contains", "value,regex", ""},   {"one-of", "value,values", ""},
    {"is-none", "value", ""},          {"is-true", "value", ""},
    {"is-false", "value", ""},
};

constexpr RuleOperation kActions[] = {
    {"fail", "msg", ""},
    {"log", "msg", "level"},
    {"set-attribute", "path,value", ""},
    {"extend-attribute", "path,value", "unique"},
    {"del-attribute", "path", ""},
    {"set-capability", "name,value", ""},
    {"unset-capability", "name", ""},
    {"add-trait", "name", ""},
    {"remove-trait", "name", ""},
    {"set-plugin-data", "path,value", ""},
    {"extend-plugin-data", "path,value", "unique"},
    {"unset-plugin-data", "path", ""},
    {"set-port-attribute", "port_id,path,value", ""},
    {"extend-port-attribute", "port_id,path,value", "unique"},
    {"del-port-attribute", "port_id,path", ""},
    {"api-call", "url", "headers,proxies,timeout,retries,backoff_factor"},
};

}  // namespace

std::span<const Field<InspectionRule>> inspection_rule_fields() {
    return kFields;
}

std::span<const RuleOperation> rule_conditions() {
    return kConditions;
}

std::span<const RuleOperation> rule_actions() {
    return kActions;
}

}  // namespace ferrite::model
