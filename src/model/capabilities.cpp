#include "model/capabilities.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace ferrite::model {
namespace {

std::map<std::string, std::string, std::less<>> from_object(const JsonObject& object) {
    std::map<std::string, std::string, std::less<>> found;
    for (const auto& [key, value] : object)
        found.emplace(key, value.is_string() ? std::string(value.as_string()) : to_text(value));
    return found;
}

std::map<std::string, std::string, std::less<>> from_pairs(std::string_view text) {
    std::map<std::string, std::string, std::less<>> found;
    while (!text.empty()) {
        auto pair = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        auto colon = pair.find(':');
        if (colon == std::string_view::npos) continue;
        found.emplace(pair.substr(0, colon), pair.substr(colon + 1));
    }
    return found;
}

}  // namespace

std::map<std::string, std::string, std::less<>> capabilities(const JsonText& document) {
    Json value = document.get("capabilities");
    if (value.is_object()) return from_object(value.as_object());
    if (!value.is_string()) return {};
    std::string text(value.as_string());
    if (!text.starts_with('{')) return from_pairs(text);
    try {
        Json parsed = parse_json(text);
        return parsed.is_object() ? from_object(parsed.as_object()) : decltype(from_pairs(text))();
    } catch (const InvalidValue&) {
        return {};
    }
}

std::string boot_mode_of(const Node& node, std::string_view fallback) {
    auto instance = capabilities(node.instance_info);
    if (auto secure = instance.find("secure_boot"); secure != instance.end())
        if (secure->second == "true" || secure->second == "True") return "uefi";
    if (auto mode = instance.find("boot_mode"); mode != instance.end()) return mode->second;
    auto machine = capabilities(node.properties);
    if (auto mode = machine.find("boot_mode"); mode != machine.end()) return mode->second;
    return node.driver_internal_info.get_text("deploy_boot_mode", fallback);
}

}  // namespace ferrite::model
