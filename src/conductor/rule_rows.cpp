#include "conductor/rule_rows.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>

#include <fmt/core.h>

#include "base/error.h"
#include "base/secret_words.h"
#include "conductor/rule_values.h"
#include "model/node_secrets.h"

namespace ferrite::conductor {
namespace {

namespace as_json {

Json of(const model::JsonText& value) {
    return value.value();
}
Json of(const std::string& value) {
    return Json(value);
}
Json of(bool value) {
    return Json(value);
}
Json of(std::int64_t value) {
    return Json(value);
}
Json of(Timestamp value) {
    return Json(to_text(value));
}
template <class T>
Json of(const std::optional<T>& maybe) {
    return maybe ? of(*maybe) : Json();
}

}  // namespace as_json

template <class R>
Json value_in(const model::Field<R>& field, const R& row) {
    return std::visit(
        [&](auto member) {
            if constexpr (std::is_same_v<decltype(member), std::monostate>)
                return Json();
            else
                return as_json::of(row.*member);
        },
        field.member);
}

template <class R>
JsonObject document_of(std::span<const model::Field<R>> fields, const R& row) {
    JsonObject document;
    for (const auto& field : fields)
        if (field.stored()) document[field.name] = value_in(field, row);
    return document;
}

bool is_secret(std::string_view name) {
    return is_secret_word_in(name) ||
           std::ranges::find(model::kSecretNodeNames, name) != model::kSecretNodeNames.end();
}

void mask_secrets(Json& value) {
    if (auto* list = value.if_array())
        for (auto& element : *list) mask_secrets(element);
    auto* object = value.if_object();
    if (!object) return;
    for (auto& entry : *object)
        if (is_secret(entry.key()))
            entry.value() = kMask;
        else
            mask_secrets(entry.value());
}

template <class R>
[[noreturn]] void refuse(const model::Field<R>& field, std::string_view wanted) {
    throw InvalidValue(
        fmt::format("A rule sets the field {}, which must be {}.", field.name, wanted));
}

template <class R>
std::string text_for(const model::Field<R>& field, const Json& value) {
    if (value.is_object() || value.is_array()) refuse(field, "a text");
    auto text = plain_text(value);
    if (field.max_length > 0 && text.size() > static_cast<std::size_t>(field.max_length))
        refuse(field, fmt::format("a text of at most {} characters", field.max_length));
    return text;
}

template <class R, class V>
void store_value(const model::Field<R>& field, V& to, const Json& value) {
    if (value.is_null()) {
        if (!field.nullable) refuse(field, "set");
        to = V();
    } else if constexpr (std::is_same_v<V, model::JsonText>) {
        if (!value.is_object()) refuse(field, "an object");
        to = model::JsonText(value);
    } else if constexpr (std::is_same_v<V, std::string> ||
                         std::is_same_v<V, std::optional<std::string>>) {
        to = text_for(field, value);
    } else if constexpr (std::is_same_v<V, bool> || std::is_same_v<V, std::optional<bool>>) {
        if (!value.is_bool()) refuse(field, "true or false");
        to = value.get_bool();
    } else {
        refuse(field, "left to the service");
    }
}

/// What names another thing is no data of an inspection, and is not for rules to change.
template <class R>
void edit_row(std::span<const model::Field<R>> fields, R& row, std::string_view path,
              const Edit& edit) {
    auto root = first_word(path);
    const auto* field = model::find_field(fields, root);
    if (!field || !field->stored() || !field->settable_on_patch ||
        field->type == model::FieldType::uuid)
        throw InvalidValue(fmt::format(
            "A rule changes '{}', which is no field that rules can change.", root.substr(0, 100)));
    Json document(JsonObject{{field->name, value_in(*field, row)}});
    edit(document);
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                store_value(*field, row.*member, ferrite::member(document, field->name));
        },
        field->member);
}

}  // namespace

JsonObject document_for_rules(const model::Node& node) {
    auto document = document_of(model::node_fields(), node);
    for (const auto& field : model::node_fields())
        if (field.masked) mask_secrets(document[field.name]);
    return document;
}

void edit_node(model::Node& node, std::string_view path, const Edit& edit) {
    edit_row(model::node_fields(), node, path, edit);
    if (node.name && !model::is_logical_name(*node.name))
        throw InvalidValue(fmt::format("A rule names the node '{}', which is no valid name.",
                                       node.name->substr(0, 100)));
}

void edit_port(model::Port& port, std::string_view path, const Edit& edit) {
    edit_row(model::port_fields(), port, path, edit);
    auto mac = model::normalised_mac(port.address);
    if (!mac)
        throw InvalidValue(fmt::format("A rule gives a port the address '{}', which is no MAC.",
                                       port.address.substr(0, 100)));
    port.address = *mac;
}

}  // namespace ferrite::conductor
