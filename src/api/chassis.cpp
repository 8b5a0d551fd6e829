#include "store/chassis.h"

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/patch.h"
#include "base/uuid.h"
#include "model/chassis.h"

/// Chassis (reference: api.md section 14). No conductor has to do with them: they are written here.
namespace ferrite::api {
namespace {

using model::Chassis;

void append_chassis_links(const Showing& showing, const Chassis& chassis, std::string& out) {
    append_links(out, showing, "chassis", chassis.uuid);
}

/// A list that holds one pair of links, which clients have come to expect.
void append_nodes(const Showing& showing, const Chassis& chassis, std::string& out) {
    out += '[';
    append_links(out, showing, "chassis", chassis.uuid, "/nodes");
    out += ']';
}

constexpr View<Chassis> kViews[] = {
    {"links", {}, append_chassis_links},
    {"nodes", {}, append_nodes},
};

const Resource<Chassis>& chassis_resource() {
    static const Resource<Chassis> resource{
        .noun = "chassis",
        .collection = "chassis",
        .fields = model::chassis_fields(),
        .views = kViews,
        .brief_names = "uuid,description",
        .key_field = "uuid",
        .key = &Chassis::uuid,
    };
    return resource;
}

HttpResponse list(const Call& call, ListPath path, std::string_view url) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, path);
    arguments.finish();
    check_list_versions(chassis_resource(), call, page);
    return list_reply<Chassis>(call, {.resource = chassis_resource(),
                                      .arguments = std::move(page),
                                      .path = path,
                                      .url = std::string(url),
                                      .read = [](store::Sql& db, const store::PageQuery& query,
                                                 auto columns, const auto& each) {
                                          return store::chassis::page(db, query, columns, each);
                                      }});
}

Chassis find_chassis(const Call& call) {
    auto uuid = normalised_uuid(call.words[0]);
    if (!uuid)
        throw InvalidValue(fmt::format("A chassis is named by its UUID, and '{}' is none.",
                                       call.words[0].substr(0, 100)));
    return call.store().read([&](store::Sql& db) { return store::chassis::get(db, *uuid); });
}

}  // namespace

HttpResponse list_chassis(const Call& call) {
    return list(call, ListPath::plain, "chassis");
}

HttpResponse list_chassis_detail(const Call& call) {
    return list(call, ListPath::detail, "chassis/detail");
}

HttpResponse refuse_below_chassis_nodes(const Call&) {
    throw InvalidValue("Below a chassis there is only the list of its nodes: use /v1/nodes/.");
}

HttpResponse show_chassis(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(chassis_resource(), call, fields);
    std::string body;
    document.append(Showing(call), find_chassis(call), body);
    return json_reply(200, std::move(body));
}

Task<HttpResponse> create_chassis(Call call) {
    Arguments::of_query(call).finish();
    auto chassis = read_new(chassis_resource(), call, call.document());
    if (chassis.uuid.empty()) chassis.uuid = new_uuid();
    co_await announced(&call, "create", &chassis, call.store().write([&](store::Sql& db) {
        store::chassis::insert(db, chassis);
    }));
    auto response = json_reply(201, document_text(chassis_resource(), call, chassis));
    co_return located(std::move(response), call, "chassis/" + chassis.uuid);
}

Task<HttpResponse> patch_chassis(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(chassis_resource(), call, steps);
    auto before = find_chassis(call);
    auto chassis = patched(chassis_resource(), before, steps);
    if (chassis.uuid != before.uuid)
        throw InvalidValue("The UUID of a chassis can not be changed.");
    co_await announced(&call, "update", &chassis, call.store().write([&](store::Sql& db) {
        store::chassis::save(db, before, chassis);
    }));
    co_return json_reply(200, document_text(chassis_resource(), call, chassis));
}

Task<HttpResponse> delete_chassis(Call call) {
    Arguments::of_query(call).finish();
    auto chassis = find_chassis(call);
    co_await announced(&call, "delete", &chassis, call.store().write([&](store::Sql& db) {
        store::chassis::remove(db, chassis);
    }));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
