#include "store/deploy_templates.h"

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/patch.h"
#include "api/steps.h"
#include "api/traits.h"
#include "base/uuid.h"
#include "model/deploy_template.h"
#include "model/traits.h"

/// Deploy templates (reference: api.md section 19).
namespace ferrite::api {
namespace {

using model::DeployTemplate;

void append_template_links(const Showing& showing, const DeployTemplate& row, std::string& out) {
    append_links(out, showing, "deploy_templates", row.uuid);
}

void append_steps(const Showing&, const DeployTemplate& row, std::string& out) {
    model::append_masked(out, row.steps.text(), {});
}

constexpr View<DeployTemplate> kViews[] = {
    {"links", {}, append_template_links},
    {"steps", {}, append_steps},
};

const Resource<DeployTemplate>& template_resource() {
    static const Resource<DeployTemplate> resource{
        .noun = "deploy template",
        .collection = "deploy_templates",
        .fields = model::deploy_template_fields(),
        .views = kViews,
        .brief_names = "uuid,name",
        .key_field = "uuid",
        .key = &DeployTemplate::uuid,
    };
    return resource;
}

/// Deploy template that the path names, by UUID or name.
DeployTemplate find_template(const Call& call) {
    const auto& ident = call.words[0];
    check_ident(ident, "deploy template");
    return call.store().read([&](store::Sql& db) {
        if (call.json_suffix)
            if (auto found = store::deploy_templates::find(db, ident + ".json"))
                return std::move(*found);
        return store::deploy_templates::get(db, ident);
    });
}

/// Checks what the field table can not say, and brings the steps into the form they are kept in.
void settle(DeployTemplate& row) {
    model::check_trait(row.name);
    row.steps = model::JsonText(Json(kept_steps(StepKind::deploy, row.steps.array())));
}

}  // namespace

HttpResponse list_deploy_templates(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::plain, "id", MarkerIs::name);
    arguments.finish();
    check_list_versions(template_resource(), call, page);
    return list_reply<DeployTemplate>(call, {.resource = template_resource(),
                                             .arguments = std::move(page),
                                             .url = "deploy_templates",
                                             .read = store::deploy_templates::page});
}

HttpResponse show_deploy_template(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(template_resource(), call, fields);
    std::string body;
    document.append(Showing(call), find_template(call), body);
    return json_reply(200, std::move(body));
}

Task<HttpResponse> create_deploy_template(Call call) {
    Arguments::of_query(call).finish();
    auto row = read_new(template_resource(), call, call.document());
    // The answer has priorities as they were sent, digits in a text too.
    auto steps_as_sent = row.steps;
    settle(row);
    if (row.uuid.empty()) row.uuid = new_uuid();
    co_await announced(&call, "create", &row, call.store().write([&](store::Sql& db) {
        store::deploy_templates::insert(db, row);
    }));
    row.steps = std::move(steps_as_sent);
    auto response = json_reply(201, document_text(template_resource(), call, row));
    co_return located(std::move(response), call, "deploy_templates/" + row.uuid);
}

Task<HttpResponse> patch_deploy_template(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(template_resource(), call, steps);
    auto before = find_template(call);
    auto row = patched(template_resource(), before, steps);
    settle(row);
    co_await announced(&call, "update", &row, call.store().write([&](store::Sql& db) {
        store::deploy_templates::save(db, before, row);
    }));
    co_return json_reply(200, document_text(template_resource(), call, row));
}

Task<HttpResponse> delete_deploy_template(Call call) {
    Arguments::of_query(call).finish();
    auto row = find_template(call);
    co_await announced(&call, "delete", &row, call.store().write([&](store::Sql& db) {
        store::deploy_templates::remove(db, row);
    }));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
