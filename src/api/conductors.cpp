#include "store/conductors.h"

#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "model/conductor.h"

/// Conductors (reference: api.md section 17).
namespace ferrite::api {
namespace {

using model::Conductor;

void append_alive(const Showing& showing, const Conductor& conductor, std::string& out) {
    auto oldest = now_seconds() - showing.call.options().heartbeat_timeout;
    bool alive = conductor.online && conductor.updated_at && *conductor.updated_at >= oldest;
    out += alive ? "true" : "false";
}

void append_conductor_links(const Showing& showing, const Conductor& conductor, std::string& out) {
    append_links(out, showing, "conductors", conductor.hostname);
}

constexpr View<Conductor> kViews[] = {
    {"alive", {"online", "updated_at"}, append_alive},
    {"links", {}, append_conductor_links},
};

const Resource<Conductor>& conductor_resource() {
    static const Resource<Conductor> resource{
        .noun = "conductor",
        .collection = "conductors",
        .fields = model::conductor_fields(),
        .views = kViews,
        .brief_names = "hostname,conductor_group,alive",
        .key_field = "hostname",
        .key = &Conductor::hostname,
    };
    return resource;
}

}  // namespace

HttpResponse list_conductors(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::plain, "id", MarkerIs::name);
    arguments.finish();
    check_list_versions(conductor_resource(), call, page);
    return list_reply<Conductor>(
        call,
        {.resource = conductor_resource(),
         .arguments = std::move(page),
         .url = "conductors",
         .read = [](store::Sql& db, const store::PageQuery& query, auto columns, const auto& each) {
             return store::conductors::page(db, query, columns, each);
         }});
}

HttpResponse show_conductor(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(conductor_resource(), call, fields);
    const auto& hostname = call.words[0];
    auto conductor =
        call.store().read([&](store::Sql& db) { return store::conductors::find(db, hostname); });
    if (!conductor)
        throw NotFound(fmt::format("Conductor {} could not be found.", hostname.substr(0, 300)));
    std::string body;
    document.append(Showing(call), *conductor, body);
    return json_reply(200, std::move(body));
}

}  // namespace ferrite::api
