#include "conductor/rule_actions.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/rule_conditions.h"
#include "conductor/rule_rows.h"
#include "conductor/rule_values.h"
#include "model/capabilities.h"
#include "model/inspection_rule.h"
#include "model/traits.h"

namespace ferrite::conductor {
namespace {

/// One action with its arguments filled in.
struct Doing {
    std::string_view op;
    const JsonObject& args;
    Inspected& inspected;
    Speech speech;

    std::string text(std::string_view name) const {
        const auto* value = args.if_contains(name);
        return value ? plain_text(*value) : std::string();
    }
    Json value() const {
        const auto* value = args.if_contains("value");
        return value ? *value : Json();
    }
    /// What the op does with the place at `path`: it begins with set, extend, del or unset.
    void edit(Json& document) const {
        auto path = text("path");
        const auto* unique = args.if_contains("unique");
        bool once = unique && *unique == Json(true);
        if (op.starts_with("set-"))
            set_at(document, path, value());
        else if (op.starts_with("extend-"))
            extend_at(document, path, value(), once ? Repeats::left_out : Repeats::allowed);
        else
            erase_at(document, path);
    }
};

[[noreturn]] void fail(const Doing& doing) {
    throw Error(500, "inspection_failed",
                fmt::format("An inspection rule says: {}", doing.text("msg")));
}

LogLevel level_of(std::string_view word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warning") return LogLevel::warning;
    if (word == "error" || word == "critical") return LogLevel::error;
    return LogLevel::info;
}

void log_message(const Doing& doing) {
    auto level = level_of(doing.text("level"));
    if (doing.speech == Speech::silent || !log_enabled(level)) return;
    write_log(level, "INSPECTION_RULE_SAYS",
              fmt::format("node={} message={}", doing.inspected.node.uuid, doing.text("msg")));
}

void change_node(const Doing& doing) {
    edit_node(doing.inspected.node, doing.text("path"),
              [&](Json& document) { doing.edit(document); });
}

void change_plugin_data(const Doing& doing) {
    Json document(doing.inspected.plugin_data);
    doing.edit(document);
    doing.inspected.plugin_data = std::move(document.as_object());
}

void change_port(const Doing& doing) {
    auto id = doing.text("port_id");
    for (auto* ports : {&doing.inspected.ports, &doing.inspected.new_ports})
        for (auto& port : *ports)
            if (port.uuid == id || port.address == id || port.name == id)
                return edit_port(port, doing.text("path"),
                                 [&](Json& document) { doing.edit(document); });
    throw InvalidValue(fmt::format("A rule changes the port '{}', which the node does not have.",
                                   id.substr(0, 100)));
}

void change_capability(const Doing& doing) {
    auto& properties = doing.inspected.node.properties;
    auto capabilities = model::capabilities(properties);
    if (doing.op.starts_with("set-"))
        capabilities[doing.text("name")] = doing.text("value");
    else
        capabilities.erase(doing.text("name"));
    std::string text;
    for (const auto& [name, value] : capabilities)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, value);
    properties.set("capabilities", Json(text));
}

void change_traits(const Doing& doing) {
    auto& traits = doing.inspected.node.traits;
    std::set<std::string> names;
    for (const auto& name : traits.array())
        if (name.is_string()) names.emplace(name.get_string());
    auto name = doing.text("name");
    if (doing.op == "add-trait") {
        model::check_trait(name);
        names.insert(name);
    } else {
        names.erase(name);
    }
    if (names.size() > model::kMostTraits)
        throw InvalidValue("A rule gives the node more traits than it may have.");
    traits = model::JsonText(Json(JsonArray(names.begin(), names.end())));
}

struct ActionRow {
    std::string_view op;
    void (*run)(const Doing&);
};
constexpr ActionRow kActions[] = {
    {"fail", fail},
    {"log", log_message},
    {"set-attribute", change_node},
    {"extend-attribute", change_node},
    {"del-attribute", change_node},
    {"set-capability", change_capability},
    {"unset-capability", change_capability},
    {"add-trait", change_traits},
    {"remove-trait", change_traits},
    {"set-plugin-data", change_plugin_data},
    {"extend-plugin-data", change_plugin_data},
    {"unset-plugin-data", change_plugin_data},
    {"set-port-attribute", change_port},
    {"extend-port-attribute", change_port},
    {"del-port-attribute", change_port},
};

Task<> run_once(Json action, JsonObject scope, Inspected* inspected, Speech speech,
                const Fetch* fetch) {
    auto op = string_member(action, "op");
    auto row = std::ranges::find(kActions, op, &ActionRow::op);
    auto known = std::ranges::find(model::rule_actions(), op, &model::RuleOperation::name);
    bool calls = op == "api-call";
    if ((row == std::end(kActions) && !calls) || known == model::rule_actions().end())
        throw InvalidValue(fmt::format("There is no action '{}'.", op.substr(0, 100)));
    auto named =
        arguments_by_name(member(action, "args"), fmt::format("{},{}", known->needs, known->takes));
    auto args = filled_in(named, scope);
    if (calls)
        co_await call_api(fetch, args.get_object());
    else
        row->run({row->op, args.get_object(), *inspected, speech});
}

}  // namespace

Task<> carry_out_action(Json action, JsonObject scope, Inspected* inspected, Speech speech,
                        const Fetch* fetch) {
    const auto& loop = member(action, "loop");
    if (loop.is_null())
        co_return co_await run_once(action, std::move(scope), inspected, speech, fetch);
    auto items = filled_in(loop, scope);
    JsonArray list = items.is_array() ? items.get_array() : JsonArray();
    if (items.is_object())
        for (const auto& entry : items.get_object()) list.push_back(entry.value());
    for (const auto& item : list) {
        scope["item"] = item;
        co_await run_once(action, scope, inspected, speech, fetch);
    }
}

}  // namespace ferrite::conductor
