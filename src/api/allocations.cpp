#include "api/allocations.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "api/patch.h"
#include "api/scoping.h"
#include "base/uuid.h"
#include "model/traits.h"
#include "store/allocations.h"
#include "store/nodes.h"

namespace ferrite::api {
namespace {

using model::Allocation;
using model::Node;
using model::since;

void append_allocation_links(const Showing& showing, const Allocation& allocation,
                             std::string& out) {
    append_links(out, showing, "allocations", allocation.uuid);
}

constexpr View<Allocation> kViews[] = {
    {"links", {}, append_allocation_links},
};

bool is_ident(std::string_view text) {
    return normalised_uuid(text) || model::is_logical_name(text);
}

/// A node that an argument or a document names; a missing one is the request's fault: 400.
Node named_node(const Call& call, std::string_view ident) {
    if (!is_ident(ident))
        throw InvalidValue(
            fmt::format("'{}' is neither a UUID nor the name of a node.", ident.substr(0, 100)));
    auto node = call.store().read([&](store::Sql& db) { return store::nodes::find(db, ident); });
    if (!node) throw InvalidValue(fmt::format("Node {} could not be found.", ident.substr(0, 300)));
    return std::move(*node);
}

/// A list that is limited to a project shows nothing of another owner's, and says so.
void limit_to_project(const Call& call, const std::optional<std::string>& owner,
                      std::vector<store::Condition>& where) {
    auto project = list_limit(call, "allocation");
    if (!project) return;
    if (owner && *owner != *project)
        throw Error(403, "not_authorized",
                    fmt::format("Only allocations of your own project can be listed, and owner={} "
                                "is another.",
                                owner->substr(0, 100)));
    where.push_back({"owner = ?", {*project}});
}

/// Section 18.2.
std::vector<store::Condition> read_filters(const Call& call, Arguments& arguments) {
    std::vector<store::Condition> where;
    auto node = arguments.ident("node");
    auto resource_class = arguments.text("resource_class");
    auto state = arguments.text("state");
    auto owner = arguments.text("owner");
    arguments.finish();
    limit_to_project(call, owner, where);
    if (owner) require_version(call, since(1, 60), "The filter owner");
    if (node) where.push_back({"node_uuid = ?", {named_node(call, *node).uuid}});
    if (resource_class) where.push_back({"resource_class = ?", {*resource_class}});
    if (state) where.push_back({"state = ?", {*state}});
    if (owner) where.push_back({"owner = ?", {*owner}});
    return where;
}

/// The owner is newer than allocations are, and naming it too early is an error of another kind
/// here than it is elsewhere.
void check_fields(const Call& call, const std::optional<std::vector<std::string>>& fields) {
    if (!fields) return;
    if (!call.has(since(1, 60)) && std::ranges::find(*fields, "owner") != fields->end())
        throw InvalidValue("An allocation has the field owner since version 1.60 of the API.");
    check_selection(allocation_resource(), call, *fields);
}

/// A document as the field table knows it, and the node of an allocation made afterwards.
struct NewAllocation {
    Json body;
    std::optional<std::string> node_ident;
};

NewAllocation read_new_allocation(const Call& call) {
    NewAllocation sent{call.document(), std::nullopt};
    check_is_object(sent.body, "allocation");
    auto& body = sent.body.get_object();
    const auto* ident = body.if_contains("node");
    if (!ident) return sent;
    if (!ident->is_null() && !ident->is_string())
        throw InvalidValue("The field node must be the name or UUID of a node.");
    if (ident->is_string()) sent.node_ident = std::string(ident->get_string());
    if (sent.node_ident && !call.has(since(1, 58)))
        throw InvalidValue(
            "An allocation can be made of a node that is in use (node) since version 1.58 of the "
            "API: leave node out, or send a newer version.");
    body.erase("node");
    return sent;
}

[[noreturn]] void refuse_owner() {
    throw Error(403, "not_authorized",
                "An allocation can only be made for the project that asks for it: leave owner out, "
                "or name your own project.");
}

/// Without system scope an allocation belongs to the project that asks for it, unless the caller
/// may make them for others (section 18.4).
void settle_owner(const Call& call, Allocation& allocation) {
    const auto& project = call.context.project;
    bool foreign = allocation.owner && *allocation.owner != project;
    auto target = target_of("allocation", allocation.owner);
    if (!call.access.may("allocation:create", target)) {
        if (foreign && !project.empty()) refuse_owner();
        call.access.require("allocation:create_restricted", target);
        allocation.owner = project;
        return;
    }
    if (!call.options().policy.enforce_new_defaults) {
        if (!allocation.owner) call.access.require("allocation:create_pre_rbac", target);
        return;
    }
    if (call.system_scope()) return;
    if (foreign && !call.access.may("allocation:create_restricted", target)) refuse_owner();
    if (!allocation.owner && !project.empty()) allocation.owner = project;
}

void check_name(const std::optional<std::string>& name) {
    if (name && !model::is_logical_name(*name))
        throw InvalidValue(fmt::format(
            "'{}' is no valid name of an allocation: use 1 to 255 letters, digits, '-', '.', '_' "
            "or '~', and nothing that reads as a UUID.",
            name->substr(0, 100)));
}

void check_traits(const model::JsonText& traits) {
    for (const auto& trait : traits.array())
        if (!trait.is_string() || !model::is_trait(trait.get_string()))
            throw InvalidValue(
                fmt::format("{} is no trait: traits are the standard ones and words like "
                            "CUSTOM_FAST_DISK of capitals, digits and '_'.",
                            to_text(trait).substr(0, 100)));
}

/// Candidates are kept by UUID, in the order in which they were named.
void settle_candidates(const Call& call, Allocation& allocation) {
    JsonArray uuids;
    for (const auto& candidate : allocation.candidate_nodes.array()) {
        if (!candidate.is_string())
            throw InvalidValue("candidate_nodes must be a list of node names and UUIDs.");
        uuids.emplace_back(named_node(call, candidate.get_string()).uuid);
    }
    allocation.candidate_nodes = model::JsonText(Json(std::move(uuids)));
}

/// What an allocation that is made of a node takes over from it when the document leaves it out.
void take_from_node(const Node& node, Allocation& allocation) {
    if (allocation.uuid.empty() && node.instance_uuid) allocation.uuid = *node.instance_uuid;
    if (!allocation.resource_class) allocation.resource_class = node.resource_class;
}

void check_resource_class(const Allocation& allocation, bool made_of_node) {
    if (allocation.resource_class ? !allocation.resource_class->empty() : made_of_node) return;
    throw InvalidValue(
        "An allocation needs the field resource_class: which class of node is wanted.");
}

void require_some_conductor(const Call& call) {
    if (call.conductor().drivers().empty())
        throw Error(503, "no_conductor",
                    "No conductor serves any driver, so none can look for a node: enable drivers "
                    "on one (enabled_hardware_types), or wait for one to start.");
}

/// What belongs to a node that the caller may see. An allocation of another's is concealed with the
/// words for none at all.
Allocation find_node_allocation(const Call& call, std::string_view ident) {
    constexpr std::string_view kNoun = "The allocation of node";
    auto node = find_node(call, ident);
    std::optional<Allocation> allocation;
    if (node.allocation_uuid)
        allocation = call.store().read(
            [&](store::Sql& db) { return store::allocations::find(db, *node.allocation_uuid); });
    if (!allocation) throw NotFound(fmt::format("{} {} could not be found.", kNoun, node.label()));
    check_access_to_owned(call, "allocation", kNoun, node.label(), allocation->owner);
    return std::move(*allocation);
}

HttpResponse shown(const Call& call, const Allocation& allocation,
                   const std::optional<std::vector<std::string>>& fields) {
    std::string body;
    shown_document(allocation_resource(), call, fields).append(Showing(call), allocation, body);
    return json_reply(200, std::move(body));
}

}  // namespace

const Resource<Allocation>& allocation_resource() {
    static const Resource<Allocation> resource{
        .noun = "allocation",
        .collection = "allocations",
        .fields = model::allocation_fields(),
        .views = kViews,
        .brief_names = "",
        .key_field = "uuid",
        .key = &Allocation::uuid,
    };
    return resource;
}

Allocation find_allocation(const Call& call, std::string_view ident) {
    if (!is_ident(ident))
        throw InvalidValue(fmt::format("'{}' is neither a UUID nor the name of an allocation.",
                                       ident.substr(0, 100)));
    auto allocation = call.store().read([&](store::Sql& db) {
        auto found = store::allocations::find(db, ident);
        if (!found && call.json_suffix)
            found = store::allocations::find(db, fmt::format("{}.json", ident));
        return found ? std::move(*found) : store::allocations::get(db, ident);
    });
    check_access_to_owned(call, "allocation", "Allocation", ident, allocation.owner);
    return allocation;
}

HttpResponse list_allocations(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::whole);
    auto where = read_filters(call, arguments);
    check_fields(call, page.fields);
    return list_reply<Allocation>(
        call,
        {.resource = allocation_resource(),
         .arguments = std::move(page),
         .path = ListPath::whole,
         .url = "allocations",
         .filters = repeated_filters(call, arguments),
         .query = {.where = std::move(where)},
         .read = [](store::Sql& db, const store::PageQuery& query, auto columns, const auto& each) {
             return store::allocations::page(db, query, columns, each);
         }});
}

HttpResponse show_allocation(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    check_fields(call, fields);
    return shown(call, find_allocation(call, call.words[0]), fields);
}

/// Section 18.3.
Task<HttpResponse> create_allocation(Call call) {
    Arguments::of_query(call).finish();
    auto sent = read_new_allocation(call);
    auto allocation = read_new(allocation_resource(), call, sent.body);
    check_new_versions(allocation_resource(), call, sent.body);
    settle_owner(call, allocation);
    check_name(allocation.name);
    check_traits(allocation.traits);
    std::optional<std::string> node_uuid;
    if (sent.node_ident) {
        auto node = named_node(call, *sent.node_ident);
        take_from_node(node, allocation);
        require_conductor(call, node, 404);
        node_uuid = node.uuid;
    }
    check_resource_class(allocation, node_uuid.has_value());
    settle_candidates(call, allocation);
    require_some_conductor(call);
    if (allocation.uuid.empty()) allocation.uuid = new_uuid();
    auto made = co_await announced(
        &call, "create", &allocation,
        call.conductor().create_allocation(call.context, allocation, std::move(node_uuid)));
    auto response = json_reply(201, document_text(allocation_resource(), call, made));
    co_return located(std::move(response), call, "allocations/" + made.uuid);
}

Task<HttpResponse> patch_allocation(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document(), PatchPaths::pointers);
    check_patch_roots(allocation_resource(), call, steps);
    auto before = find_allocation(call, call.words[0]);
    auto allocation = patched(allocation_resource(), before, steps);
    check_name(allocation.name);
    co_await announced(&call, "update", &allocation, call.store().write([&](store::Sql& db) {
        store::allocations::get(db, before.uuid);
        store::allocations::save(db, before, allocation);
    }));
    co_return json_reply(200, document_text(allocation_resource(), call, allocation));
}

Task<HttpResponse> delete_allocation(Call call) {
    Arguments::of_query(call).finish();
    auto allocation = find_allocation(call, call.words[0]);
    co_await announced(&call, "delete", &allocation,
                       call.conductor().destroy_allocation(call.context, allocation.uuid));
    co_return empty_reply(204);
}

/// Section 11.14: a node that does not exist is the request's fault when its allocation is read.
HttpResponse show_node_allocation(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    check_fields(call, fields);
    named_node(call, call.words[0]);
    return shown(call, find_node_allocation(call, call.words[0]), fields);
}

Task<HttpResponse> delete_node_allocation(Call call) {
    Arguments::of_query(call).finish();
    auto allocation = find_node_allocation(call, call.words[0]);
    co_await announced(&call, "delete", &allocation,
                       call.conductor().destroy_allocation(call.context, allocation.uuid));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
