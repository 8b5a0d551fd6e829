#include "api/traits.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/core.h>

#include "base/error.h"
#include "model/traits.h"

namespace ferrite::api {
namespace {

using Names = std::set<std::string, std::less<>>;

Names names_of(const model::JsonText& traits) {
    Names names;
    for (const auto& name : traits.array())
        if (name.is_string()) names.emplace(name.get_string());
    return names;
}

model::JsonText text_of(const Names& names) {
    JsonArray list;
    for (const auto& name : names) list.emplace_back(name);
    return model::JsonText(Json(std::move(list)));
}

}  // namespace

model::JsonText read_traits(const Json& body) {
    const auto& list = member(body, "traits");
    if (!list.is_array() || body.get_object().size() != 1)
        throw InvalidValue("Traits are sent as {\"traits\": [...]}, a list of names.");
    Names names;
    for (const auto& name : list.get_array()) {
        if (!name.is_string()) throw InvalidValue("A trait is named by a text.");
        model::check_trait(name.get_string());
        names.emplace(name.get_string());
    }
    return text_of(names);
}

void check_no_body(const Json& body) {
    if (!body.is_object() || !body.get_object().empty())
        throw InvalidValue("This request takes no body: the trait stands in the path.");
}

model::JsonText with_trait(const model::JsonText& traits, std::string_view name) {
    auto names = names_of(traits);
    names.emplace(name);
    return text_of(names);
}

model::JsonText without_trait(const model::JsonText& traits, std::string_view name) {
    auto names = names_of(traits);
    if (auto found = names.find(name); found != names.end()) names.erase(found);
    return text_of(names);
}

bool has_trait(const model::JsonText& traits, std::string_view name) {
    return names_of(traits).contains(name);
}

std::string traits_document(const model::JsonText& traits) {
    return fmt::format(R"({{"traits":{}}})", traits.absent() ? "[]" : traits.text());
}

}  // namespace ferrite::api
