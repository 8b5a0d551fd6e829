#include "api/runbooks.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/patch.h"
#include "api/scoping.h"
#include "api/steps.h"
#include "api/text.h"
#include "api/traits.h"
#include "base/uuid.h"
#include "model/node.h"
#include "model/traits.h"
#include "store/runbooks.h"

/// Runbooks (reference: api.md section 20).
namespace ferrite::api {
namespace {

using model::Runbook;
using model::since;

void append_runbook_links(const Showing& showing, const Runbook& row, std::string& out) {
    append_links(out, showing, "runbooks", row.uuid);
}

void append_steps(const Showing&, const Runbook& row, std::string& out) {
    model::append_masked(out, row.steps.text(), {});
}

constexpr View<Runbook> kViews[] = {
    {"links", {}, append_runbook_links},
    {"steps", {}, append_steps},
};

const Resource<Runbook>& runbook_resource() {
    static const Resource<Runbook> resource{
        .noun = "runbook",
        .collection = "runbooks",
        .fields = model::runbook_fields(),
        .views = kViews,
        .brief_names = "uuid,name",
        .key_field = "uuid",
        .key = &Runbook::uuid,
        .newer_is_unknown = true,
    };
    return resource;
}

bool touches(const std::vector<PatchStep>& steps, std::string_view field) {
    return std::ranges::any_of(steps, [&](const auto& step) { return step.root() == field; });
}

/// Until 1.112 a runbook fitted the nodes that had its name as a trait.
void check_name(std::string_view name, bool is_a_trait) {
    if (is_a_trait) return model::check_trait(name);
    if (!model::is_logical_name(name))
        throw InvalidValue(
            fmt::format("'{}' is no name for a runbook: use 1 to 255 letters, digits, '-', '.', "
                        "'_' or '~', and nothing that reads as a UUID.",
                        name.substr(0, 100)));
}

void settle_steps(Runbook& row) {
    row.steps = model::JsonText(Json(kept_steps(StepKind::runbook, row.steps.array())));
}

/// Whose a runbook is and for whom it is decide other people than what it does.
void check_ownership_rules(const Call& call, const std::vector<PatchStep>& steps,
                           const Runbook& before) {
    for (std::string_view field : {"owner", "public"})
        if (touches(steps, field))
            call.access.require(fmt::format("runbook:update:{}", field),
                                target_of("runbook", before.owner));
}

/// Projects make runbooks for themselves only; the makers of public ones act for the whole system.
void settle_new_owner(const Call& call, Runbook& row) {
    if (call.system_scope()) return;
    const auto& project = call.access.identity().project_id;
    if (row.owner && *row.owner != project)
        throw InvalidValue(
            "A runbook belongs to the project of whoever makes it: leave owner out.");
    if (row.is_public && !project.empty())
        throw InvalidValue("A project can not make a runbook that is public.");
    if (!project.empty()) row.owner = project;
}

/// What is public has no owner, and who changes that starts from none.
void settle_owner(const std::vector<PatchStep>& steps, Runbook& row) {
    if (touches(steps, "owner") && row.owner && row.is_public)
        throw InvalidValue("A public runbook has no owner: set public to false in the same patch.");
    if (touches(steps, "public") && !touches(steps, "owner")) row.owner.reset();
}

std::string shown(const Call& call, std::string_view ident,
                  const std::optional<std::vector<std::string>>& fields) {
    auto document = shown_document(runbook_resource(), call, fields);
    std::string body;
    document.append(Showing(call), find_runbook(call, ident, "runbook:get"), body);
    return body;
}

}  // namespace

Runbook find_runbook(const Call& call, std::string_view ident, std::string_view rule) {
    check_ident(ident, "runbook");
    auto runbook =
        call.store().read([&](store::Sql& db) { return store::runbooks::get(db, ident); });
    auto target = target_of("runbook", runbook.owner);
    if (!runbook.is_public) call.access.require("runbook:get", target);
    bool open_to_all = runbook.is_public && (rule == "runbook:get" || rule == "runbook:use");
    if (!open_to_all) call.access.require(rule, target);
    return runbook;
}

HttpResponse list_runbooks(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::plain, "id", MarkerIs::name);
    auto project = arguments.text("project");
    arguments.finish();
    check_list_versions(runbook_resource(), call, page);
    ListRequest<Runbook> request{.resource = runbook_resource(),
                                 .arguments = std::move(page),
                                 .url = "runbooks",
                                 .filters = repeated_filters(call, arguments),
                                 .read = store::runbooks::page};
    if (auto limit = list_limit(call, "runbook"))
        request.query.where.push_back({"(public = 1 OR owner = ?)", {*limit}});
    if (project) request.query.where.push_back({"(public = 1 OR owner = ?)", {*project}});
    return list_reply<Runbook>(call, std::move(request));
}

HttpResponse show_runbook(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    return json_reply(200, shown(call, call.words[0], fields));
}

/// `/v1/runbooks/R/steps` is short for `/v1/runbooks/R?fields=steps`.
HttpResponse show_runbook_field(const Call& call) {
    Arguments::of_query(call).finish();
    return json_reply(200, shown(call, call.words[0], comma_separated(call.words[1])));
}

Task<HttpResponse> create_runbook(Call call) {
    Arguments::of_query(call).finish();
    call.access.require(call.rule);
    auto row = read_new(runbook_resource(), call, call.document());
    check_name(row.name, !call.has(since(1, 112)));
    // The answer has orders as they were sent, digits in a text too.
    auto steps_as_sent = row.steps;
    settle_steps(row);
    settle_new_owner(call, row);
    if (row.uuid.empty()) row.uuid = new_uuid();
    co_await announced(&call, "create", &row, call.store().write([&](store::Sql& db) {
        store::runbooks::insert(db, row);
    }));
    row.steps = std::move(steps_as_sent);
    auto response = json_reply(201, document_text(runbook_resource(), call, row));
    co_return located(std::move(response), call, "runbooks/" + row.uuid);
}

Task<HttpResponse> patch_runbook(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(runbook_resource(), call, steps);
    auto before = find_runbook(call, call.words[0], call.rule);
    check_ownership_rules(call, steps, before);
    auto row = patched(runbook_resource(), before, steps);
    check_name(row.name, false);
    settle_steps(row);
    settle_owner(steps, row);
    co_await announced(&call, "update", &row, call.store().write([&](store::Sql& db) {
        store::runbooks::save(db, before, row);
    }));
    co_return json_reply(200, document_text(runbook_resource(), call, row));
}

Task<HttpResponse> delete_runbook(Call call) {
    Arguments::of_query(call).finish();
    auto row = find_runbook(call, call.words[0], call.rule);
    co_await announced(&call, "delete", &row, call.store().write([&](store::Sql& db) {
        store::runbooks::remove(db, row);
    }));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
