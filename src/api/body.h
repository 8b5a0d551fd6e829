#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/core.h>

#include "api/resource.h"
#include "base/error.h"
#include "base/json.h"

/// The one way from JSON that a client sent into a row: POST documents and patched documents go
/// field by field through set_field(), which the field table directs (reference: api.md 8.4, 9.2).
namespace ferrite::api {

namespace sent {

[[noreturn]] void refuse(std::string_view field, const Json& value, std::string_view expected);
std::string text(std::string_view field, const Json& value, int max_length);
std::string uuid(std::string_view field, const Json& value);
bool boolean(std::string_view field, const Json& value);
std::int64_t integer(std::string_view field, const Json& value);
/// An object or a list, as `type` says.
model::JsonText container(std::string_view field, const Json& value, model::FieldType type);

}  // namespace sent

/// Gives the field the value it has in a row that nobody has touched.
template <class R>
void reset_field(const model::Field<R>& field, R& row) {
    static const R kUntouched;
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                row.*member = kUntouched.*member;
        },
        field.member);
}

/// Stores `value`, or throws InvalidValue that names the field and what it takes. Null resets a
/// field that may be null.
template <class R>
void set_field(const model::Field<R>& field, R& row, const Json& value) {
    if (value.is_null()) {
        if (!field.nullable) sent::refuse(field.name, value, "a value other than null");
        return reset_field(field, row);
    }
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>) {
                using Value = std::remove_cvref_t<decltype(row.*member)>;
                if constexpr (std::is_same_v<Value, model::JsonText>)
                    row.*member = sent::container(field.name, value, field.type);
                else if constexpr (std::is_same_v<Value, bool> ||
                                   std::is_same_v<Value, std::optional<bool>>)
                    row.*member = sent::boolean(field.name, value);
                else if constexpr (std::is_same_v<Value, std::string> ||
                                   std::is_same_v<Value, std::optional<std::string>>)
                    row.*member = field.type == model::FieldType::uuid
                                      ? sent::uuid(field.name, value)
                                      : sent::text(field.name, value, field.max_length);
                else if constexpr (std::is_same_v<Value, std::int64_t> ||
                                   std::is_same_v<Value, std::optional<std::int64_t>>)
                    row.*member = sent::integer(field.name, value);
                else
                    sent::refuse(field.name, value, "left out: the service sets it");
            }
        },
        field.member);
}

namespace stored {

inline Json json(model::FieldType type, const model::JsonText& value) {
    if (!value.absent()) return value.value();
    return type == model::FieldType::list ? Json(JsonArray()) : Json(JsonObject());
}
inline Json json(model::FieldType, Timestamp value) {
    return Json(to_text(value));
}
inline Json json(model::FieldType, bool value) {
    return Json(value);
}
inline Json json(model::FieldType, std::int64_t value) {
    return Json(value);
}
inline Json json(model::FieldType, const std::string& value) {
    return Json(value);
}
template <class T>
Json json(model::FieldType type, const std::optional<T>& maybe) {
    return maybe ? json(type, *maybe) : Json();
}

}  // namespace stored

/// The stored value as a client sees it, unmasked: what a patch is applied to.
template <class R>
Json field_json(const model::Field<R>& field, const R& row) {
    return std::visit(
        [&](auto member) {
            if constexpr (std::is_same_v<decltype(member), std::monostate>)
                return Json();
            else
                return stored::json(field.type, row.*member);
        },
        field.member);
}

/// Throws InvalidValue unless `body` is an object, for messages about a `noun`.
void check_is_object(const Json& body, std::string_view noun);

/// A new row of what a POST document says: every key must be a field that may be set on creation,
/// required ones must be there. Throws InvalidValue.
template <class R>
R read_new(const Resource<R>& resource, const Call& call, const Json& body) {
    check_is_object(body, resource.noun);
    R row;
    for (const auto& entry : body.get_object()) {
        const auto* field = find_field(resource.fields, std::string_view(entry.key()));
        if (!field || !field->settable_on_create || !is_offered(resource, call, *field))
            throw InvalidValue(fmt::format("'{}' is nothing that can be set when a {} is created.",
                                           std::string_view(entry.key()).substr(0, 100),
                                           resource.noun));
    }
    for (const auto& field : resource.fields) {
        const auto* value = body.get_object().if_contains(field.name);
        if (!value && field.required)
            throw InvalidValue(
                fmt::format("A {} needs the field {}: add it.", resource.noun, field.name));
        if (value) set_field(field, row, *value);
    }
    return row;
}

/// Throws a 406 for a field with a value that the version of the request does not have yet.
template <class R>
void check_new_versions(const Resource<R>& resource, const Call& call, const Json& body) {
    for (const auto& entry : body.get_object()) {
        const auto* field = find_field(resource.fields, std::string_view(entry.key()));
        if (field && !entry.value().is_null() && resource.gates(field->name))
            require_version(call, field->since, fmt::format("The field {}", field->name));
    }
}

}  // namespace ferrite::api
