#include "hardware/step.h"

namespace ferrite::hardware {
namespace {

int whole_number(const Json& value) {
    if (value.is_int64()) return static_cast<int>(value.as_int64());
    if (value.is_uint64()) return static_cast<int>(value.as_uint64());
    if (value.is_string()) return std::atoi(value.as_string().c_str());
    return 0;
}

bool truth(const Json& value, bool fallback) {
    return value.is_bool() ? value.as_bool() : fallback;
}

}  // namespace

std::string_view to_text(StepKind kind) {
    switch (kind) {
        case StepKind::clean:
            return "clean";
        case StepKind::deploy:
            return "deploy";
        case StepKind::service:
            return "service";
    }
    return "";
}

JsonObject to_json(const Step& step) {
    JsonObject object;
    object["interface"] = step.interface;
    object["step"] = step.name;
    object["priority"] = step.priority;
    object["abortable"] = step.abortable;
    object["requires_ramdisk"] = step.requires_ramdisk;
    object["argsinfo"] = step.argsinfo;
    if (!step.args.empty()) object["args"] = step.args;
    if (step.on_children) object["execute_on_child_nodes"] = true;
    if (!step.children.empty())
        object["limit_child_node_execution"] =
            JsonArray(step.children.begin(), step.children.end());
    return object;
}

Step step_from_json(const Json& value) {
    Step step;
    step.interface = string_member(value, "interface");
    step.name = string_member(value, "step");
    step.priority = whole_number(member(value, "priority"));
    step.abortable = truth(member(value, "abortable"), false);
    step.requires_ramdisk = truth(member(value, "requires_ramdisk"), true);
    step.argsinfo = member(value, "argsinfo");
    if (const auto& args = member(value, "args"); args.is_object()) step.args = args.as_object();
    step.on_children = truth(member(value, "execute_on_child_nodes"), false);
    if (const auto& list = member(value, "limit_child_node_execution"); list.is_array())
        for (const auto& uuid : list.as_array())
            if (uuid.is_string()) step.children.emplace_back(uuid.as_string());
    return step;
}

}  // namespace ferrite::hardware
