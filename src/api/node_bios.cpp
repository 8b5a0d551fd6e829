#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "base/http_message.h"
#include "model/bios_setting.h"
#include "store/bios_settings.h"

/// Settings of a node's firmware set-up, as they were last read (reference: api.md section 11.7).
namespace ferrite::api {
namespace {

using model::BiosSetting;
using model::since;

/// With the node as the request names it.
void append_setting_links(const Showing& showing, const BiosSetting& setting, std::string& out) {
    append_links(out, showing, "nodes", showing.call.words[0],
                 "/bios/" + percent_encode(setting.name));
}

constexpr View<BiosSetting> kViews[] = {
    {"links", {"name"}, append_setting_links},
};

const Resource<BiosSetting>& bios_resource() {
    static const Resource<BiosSetting> resource{
        .noun = "BIOS setting",
        .collection = "bios",
        .fields = model::bios_setting_fields(),
        .views = kViews,
        .brief_names = "",
        .key_field = "name",
        .key = &BiosSetting::name,
    };
    return resource;
}

/// Unlike other lists, this one refuses what its version does not have yet with a 400.
void check_version(const Call& call, bool selects) {
    if (selects && !call.has(since(1, 74)))
        throw InvalidValue(
            fmt::format("A list of BIOS settings takes fields= and detail= since version 1.74, and "
                        "the request asks for version {}.",
                        call.version.text()));
}

}  // namespace

HttpResponse list_node_bios(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    auto detail = arguments.flag("detail");
    arguments.finish();
    check_version(call, fields || detail);
    auto document = part_list_document(bios_resource(), call, fields, detail.value_or(false));
    auto node = find_node(call, call.words[0]);
    auto settings = call.store().read(
        [&](store::Sql& db) { return store::bios_settings::of_node(db, node.uuid); });
    return part_list_reply(bios_resource(), call, document, settings);
}

HttpResponse show_node_bios(const Call& call) {
    Arguments::of_query(call).finish();
    const auto& name = call.words[1];
    if (!model::is_logical_name(name))
        throw InvalidValue(fmt::format(
            "'{}' can not name a BIOS setting: it takes letters, digits, '-', '.', '_' and '~'.",
            name.substr(0, 100)));
    auto node = find_node(call, call.words[0]);
    auto setting = call.store().read(
        [&](store::Sql& db) { return store::bios_settings::find(db, node.uuid, name); });
    if (!setting)
        throw NotFound(fmt::format("Node {} has no BIOS setting '{}'.", node.label(), name));
    std::string body = "{";
    append_json_string(body, name);
    body += ':' + document_text(bios_resource(), call, *setting) + '}';
    return json_reply(200, std::move(body));
}

}  // namespace ferrite::api
