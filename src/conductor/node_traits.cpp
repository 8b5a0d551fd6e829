#include "conductor/node_traits.h"

#include <set>

#include <fmt/core.h>

#include "base/error.h"
#include "conductor/locked.h"
#include "model/traits.h"

namespace ferrite::conductor {
namespace {

std::set<std::string> changed(const model::Node& node, const TraitChange& change) {
    std::set<std::string> traits;
    if (change.kind == TraitChange::Kind::add || change.kind == TraitChange::Kind::remove)
        for (const auto& name : node.traits.array())
            if (name.is_string()) traits.emplace(name.get_string());
    if (change.kind == TraitChange::Kind::remove) {
        for (const auto& name : change.traits)
            if (traits.erase(name) == 0)
                throw NotFound(fmt::format("Node {} has no trait {}.", node.uuid, name));
    } else {
        traits.insert(change.traits.begin(), change.traits.end());
    }
    return traits;
}

Task<> set_traits(NodeSession* session, TraitChange change) {
    auto& node = session->node;
    auto traits = changed(node, change);
    if (traits.size() > model::kMostTraits)
        throw InvalidValue(fmt::format("Node {} would have {} traits, and {} is the limit.",
                                       node.uuid, traits.size(), model::kMostTraits));
    node.traits = model::JsonText(Json(JsonArray(traits.begin(), traits.end())));
    co_return;
}

}  // namespace

Task<> change_traits(Services* services, std::string uuid, TraitChange change) {
    co_await locked(
        services, std::move(uuid),
        [&](NodeSession* session) { return set_traits(session, change); },
        NodeSession::Interfaces::skip);
}

}  // namespace ferrite::conductor
