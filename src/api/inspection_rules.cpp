#include "store/inspection_rules.h"

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/patch.h"
#include "api/rule_operations.h"
#include "base/uuid.h"
#include "model/inspection_rule.h"

/// Inspection rules (reference: api.md section 21).
namespace ferrite::api {
namespace {

using model::InspectionRule;

constexpr std::int64_t kMaxPriority = 9999;  ///< Above are the rules that a service brings along.

void append_rule_links(const Showing& showing, const InspectionRule& rule, std::string& out) {
    append_links(out, showing, "inspection_rules", rule.uuid);
}

template <model::JsonText InspectionRule::* kPart>
void append_unless_sensitive(const Showing&, const InspectionRule& rule, std::string& out) {
    if (rule.sensitive)
        out += "null";
    else
        value::append(out, model::FieldType::list, rule.*kPart);
}

constexpr View<InspectionRule> kViews[] = {
    {"links", {}, append_rule_links},
    {"actions", {"sensitive"}, append_unless_sensitive<&InspectionRule::actions>},
    {"conditions", {"sensitive"}, append_unless_sensitive<&InspectionRule::conditions>},
};

const Resource<InspectionRule>& rule_resource() {
    static const Resource<InspectionRule> resource{
        .noun = "rule",
        .collection = "inspection_rules",
        .fields = model::inspection_rule_fields(),
        .views = kViews,
        .brief_names = "uuid,priority,phase,description",
        .key_field = "uuid",
        .key = &InspectionRule::uuid,
    };
    return resource;
}

InspectionRule find_rule(const Call& call) {
    auto uuid = normalised_uuid(call.words[0]);
    if (!uuid)
        throw InvalidValue(fmt::format("An inspection rule is named by its UUID, and '{}' is none.",
                                       call.words[0].substr(0, 100)));
    return call.store().read(
        [&](store::Sql& db) { return store::inspection_rules::get(db, *uuid); });
}

/// Checks what the field table can not say, and leaves out of the operations what has no meaning.
void settle(InspectionRule& rule) {
    if (rule.priority < 0 || rule.priority > kMaxPriority)
        throw InvalidValue(
            fmt::format("The priority of a rule is a number from 0 to {}.", kMaxPriority));
    if (rule.phase != "main")
        throw InvalidValue("The phase of a rule can be main only, or be left out.");
    if (rule.actions.array().empty()) throw InvalidValue("A rule needs one action at least.");
    rule.actions = kept_actions(rule.actions.array());
    rule.conditions = kept_conditions(rule.conditions.array());
}

}  // namespace

HttpResponse list_inspection_rules(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::plain);
    auto phase = arguments.text("phase");
    arguments.finish();
    check_list_versions(rule_resource(), call, page);
    ListRequest<InspectionRule> request{.resource = rule_resource(),
                                        .arguments = std::move(page),
                                        .url = "inspection_rules",
                                        .filters = repeated_filters(call, arguments),
                                        .read = store::inspection_rules::page};
    if (phase) request.query.where.push_back({"phase = ?", {*phase}});
    return list_reply<InspectionRule>(call, std::move(request));
}

HttpResponse show_inspection_rule(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(rule_resource(), call, fields);
    std::string body;
    document.append(Showing(call), find_rule(call), body);
    return json_reply(200, std::move(body));
}

Task<HttpResponse> create_inspection_rule(Call call) {
    Arguments::of_query(call).finish();
    auto rule = read_new(rule_resource(), call, call.document());
    settle(rule);
    if (rule.uuid.empty()) rule.uuid = new_uuid();
    co_await announced(&call, "create", &rule, call.store().write([&](store::Sql& db) {
        store::inspection_rules::insert(db, rule);
    }));
    auto response = json_reply(201, document_text(rule_resource(), call, rule));
    co_return located(std::move(response), call, "inspection_rules/" + rule.uuid);
}

Task<HttpResponse> patch_inspection_rule(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(rule_resource(), call, steps);
    auto before = find_rule(call);
    auto rule = patched(rule_resource(), before, steps);
    if (before.sensitive && !rule.sensitive)
        throw InvalidValue(
            "A sensitive rule stays so, that what it hides stays hidden: make another one.");
    settle(rule);
    co_await announced(&call, "update", &rule, call.store().write([&](store::Sql& db) {
        store::inspection_rules::save(db, before, rule);
    }));
    co_return json_reply(200, document_text(rule_resource(), call, rule));
}

Task<HttpResponse> delete_inspection_rule(Call call) {
    Arguments::of_query(call).finish();
    auto rule = find_rule(call);
    co_await announced(&call, "delete", &rule, call.store().write([&](store::Sql& db) {
        store::inspection_rules::remove(db, rule);
    }));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
