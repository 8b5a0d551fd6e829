#include <algorithm>

#include "api/handlers.h"
#include "api/resource.h"
#include "base/json.h"

/// The documents that say what there is (reference: api.md section 2).
namespace ferrite::api {
namespace {

using model::since;

struct TopLevel {
    std::string_view name;
    model::MicroVersion since;
};
constexpr TopLevel kTopLevel[] = {
    {"chassis", since(1, 1)},     {"nodes", since(1, 1)},
    {"ports", since(1, 1)},       {"drivers", since(1, 1)},
    {"lookup", since(1, 22)},     {"heartbeat", since(1, 22)},
    {"portgroups", since(1, 23)}, {"volume", since(1, 32)},
    {"conductors", since(1, 49)}, {"allocations", since(1, 52)},
    {"events", since(1, 54)},     {"deploy_templates", since(1, 55)},
    {"shards", since(1, 82)},     {"continue_inspection", since(1, 84)},
    {"runbooks", since(1, 92)},   {"inspection_rules", since(1, 96)},
};

JsonObject link(std::string href, std::string_view rel) {
    return {{"href", std::move(href)}, {"rel", rel}};
}

JsonObject version_object(const Call& call) {
    return {{"id", "v1"},
            {"links", JsonArray{link(call.base + "/v1/", "self")}},
            {"status", "CURRENT"},
            {"min_version", model::kMinimumVersion.text()},
            {"version", call.options().max_version.text()}};
}

JsonArray link_pair(const Call& call, std::string_view name) {
    return {link(call.base + "/v1/" + std::string(name) + "/", "self"),
            link(call.base + "/" + std::string(name) + "/", "bookmark")};
}

}  // namespace

bool offers_part(const Call& call, std::string_view word) {
    auto part = std::ranges::find(kTopLevel, word, &TopLevel::name);
    return part == std::end(kTopLevel) || call.offers(part->since);
}

HttpResponse show_root(const Call& call) {
    JsonObject body{
        {"name", "OpenStack Ironic API"},
        {"description",
         "Ironic is an OpenStack project which enables the provision and management of baremetal "
         "machines."},
        {"default_version", version_object(call)},
        {"versions", JsonArray{version_object(call)}},
    };
    return json_reply(200, to_text(Json(std::move(body))));
}

HttpResponse show_v1(const Call& call) {
    JsonObject body;
    body["id"] = "v1";
    auto manual =
        link("https://docs.openstack.org//ironic/latest/contributor//webapi.html", "describedby");
    manual["type"] = "text/html";
    body["links"] = JsonArray{link(call.base + "/v1/", "self"), std::move(manual)};
    body["media_types"] = JsonObject{{"base", "application/json"},
                                     {"type", "application/vnd.openstack.ironic.v1+json"}};
    for (const auto& [name, first] : kTopLevel)
        if (call.has(first)) body[name] = link_pair(call, name);
    body["version"] = version_object(call);
    return json_reply(200, to_text(Json(std::move(body))));
}

}  // namespace ferrite::api
