#include "conductor/templates.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/core.h>

#include "base/error.h"
#include "hardware/step.h"
#include "store/deploy_templates.h"

namespace ferrite::conductor {

JsonArray template_steps(const NodeSession& session) {
    const auto& disallowed = session.services().options.disallow_deploy_steps;
    JsonArray steps;
    std::set<std::string> seen;
    Json traits = session.node.instance_info.get("traits");
    if (!traits.is_array()) return steps;
    for (const auto& trait : traits.as_array()) {
        if (!trait.is_string()) continue;
        auto found = session.services().store.read([&](store::Sql& db) {
            return store::deploy_templates::find(db, std::string_view(trait.as_string()));
        });
        if (!found) continue;
        for (auto& step : found->steps.array()) {
            auto id = hardware::step_from_json(step).id();
            if (std::ranges::find(disallowed, id) != disallowed.end()) continue;
            if (!seen.insert(id).second)
                throw InvalidValue(fmt::format(
                    "Deploy template {} has the step {}, which another template of the instance "
                    "has too: only one of them can apply.",
                    found->name, id));
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

void check_instance_traits(const model::Node& node) {
    Json wanted = node.instance_info.get("traits");
    if (wanted.is_null()) return;
    bool good = wanted.is_array() && std::ranges::all_of(wanted.as_array(), [](const Json& trait) {
                    return trait.is_string();
                });
    if (!good)
        throw InvalidValue(
            fmt::format("The traits in instance_info of node {} must be a list of "
                        "names.",
                        node.uuid));
    auto has = node.traits.array();
    std::string missing;
    for (const auto& trait : wanted.as_array())
        if (std::ranges::find(has, trait) == has.end())
            missing += fmt::format("{}{}", missing.empty() ? "" : ", ",
                                   std::string_view(trait.as_string()));
    if (missing.empty()) return;
    throw InvalidValue(fmt::format(
        "The instance asks for traits that node {} does not have: {}. Add them to the node, or "
        "take them out of instance_info.traits.",
        node.uuid, missing));
}

}  // namespace ferrite::conductor
