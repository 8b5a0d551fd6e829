#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "model/traits.h"

/// The traits of a node (reference: api.md section 11.6).
namespace ferrite::api {
namespace {

using conductor::TraitChange;

/// The traits of a PUT of all of them.
std::vector<std::string> sent_traits(const Json& sent) {
    if (!sent.is_array())
        throw InvalidValue("The body must be {\"traits\": [...]}, with a list of names.");
    std::vector<std::string> traits;
    for (const auto& name : sent.get_array()) {
        if (!name.is_string()) throw InvalidValue("Each of the traits must be a text.");
        model::check_trait(name.get_string());
        traits.emplace_back(name.get_string());
    }
    return traits;
}

Task<> change(Call call, TraitChange change) {
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    co_await call.conductor().change_traits(call.context, node.uuid, std::move(change));
}

}  // namespace

HttpResponse show_node_traits(const Call& call) {
    Arguments::of_query(call).finish();
    auto node = find_node(call, call.words[0]);
    return json_reply(
        200, fmt::format(R"({{"traits":{}}})", node.traits.absent() ? "[]" : node.traits.text()));
}

Task<HttpResponse> set_node_traits(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto traits = sent_traits(arguments.json("traits"));
    arguments.finish();
    co_await change(call, {TraitChange::Kind::replace, std::move(traits)});
    co_return empty_reply(204);
}

Task<HttpResponse> add_node_trait(Call call) {
    Arguments::of_query_and_body(call).finish();
    const auto& trait = call.words[1];
    model::check_trait(trait);
    co_await change(call, {TraitChange::Kind::add, {trait}});
    co_return located(empty_reply(204), call,
                      fmt::format("nodes/{}/traits/{}", call.words[0], trait));
}

Task<HttpResponse> delete_node_traits(Call call) {
    Arguments::of_query(call).finish();
    co_await change(call, {TraitChange::Kind::clear, {}});
    co_return empty_reply(204);
}

Task<HttpResponse> delete_node_trait(Call call) {
    Arguments::of_query(call).finish();
    co_await change(call, {TraitChange::Kind::remove, {call.words[1]}});
    co_return empty_reply(204);
}

}  // namespace ferrite::api
