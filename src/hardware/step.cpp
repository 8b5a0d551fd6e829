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
    return step;
}

}  // namespace ferrite::hardware
