#include "model/capabilities.h"

#include <algorithm>

#include "base/error.h"

namespace ferrite::model {
namespace {

using Capabilities = std::map<std::string, std::string, std::less<>>;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

Capabilities from_object(const JsonObject& object) {
    Capabilities found;
    for (const auto& [key, value] : object)
        found.emplace(key, value.is_string() ? std::string(value.as_string()) : to_text(value));
    return found;
}

Capabilities from_pairs(std::string_view text) {
    Capabilities found;
    while (!text.empty()) {
        auto pair = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        auto colon = pair.find(':');
        if (colon == std::string_view::npos) continue;
        found.emplace(trimmed(pair.substr(0, colon)), trimmed(pair.substr(colon + 1)));
    }
    return found;
}

Capabilities from_json(std::string_view text) {
    try {
        Json parsed = parse_json(text);
        return parsed.is_object() ? from_object(parsed.as_object()) : Capabilities();
    } catch (const InvalidValue&) {
        return {};
    }
}

/// What `found` says of `name`, in lower case; empty when it says nothing.
std::string word(const Capabilities& found, std::string_view name) {
    auto entry = found.find(name);
    return entry == found.end() ? std::string() : lower_case(entry->second);
}

}  // namespace

Capabilities capabilities(const JsonText& document) {
    Json value = document.get("capabilities");
    if (value.is_object()) return from_object(value.as_object());
    if (!value.is_string()) return {};
    auto text = trimmed(std::string_view(value.as_string()));
    return text.starts_with('{') ? from_json(text) : from_pairs(text);
}

std::string boot_mode_of(const Node& node, std::string_view fallback) {
    auto instance = capabilities(node.instance_info);
    if (word(instance, "secure_boot") == "true") return "uefi";
    if (auto mode = word(instance, "boot_mode"); !mode.empty()) return mode;
    if (auto mode = node.instance_info.get_text("deploy_boot_mode"); !mode.empty())
        return lower_case(mode);
    if (auto mode = word(capabilities(node.properties), "boot_mode"); !mode.empty()) return mode;
    return lower_case(node.driver_internal_info.get_text("deploy_boot_mode", fallback));
}

}  // namespace ferrite::model
