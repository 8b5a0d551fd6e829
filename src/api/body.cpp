#include "api/body.h"

#include <algorithm>

#include "api/text.h"
#include "base/uuid.h"

namespace ferrite::api {
namespace sent {
namespace {

std::string shown(const Json& value) {
    auto text = to_text(value);
    if (text.size() > 100) text = text.substr(0, 100) + "...";
    return text;
}

/// Patches can nest a document deeper than one request may: it must stay readable.
constexpr int kMaxDepth = 40;

int depth_of(const Json& value) {
    int deepest = 0;
    if (value.is_object())
        for (const auto& entry : value.get_object())
            deepest = std::max(deepest, 1 + depth_of(entry.value()));
    if (value.is_array())
        for (const auto& element : value.get_array())
            deepest = std::max(deepest, 1 + depth_of(element));
    return deepest;
}

}  // namespace

void refuse(std::string_view field, const Json& value, std::string_view expected) {
    throw InvalidValue(
        fmt::format("The field {} must be {}, and {} is not.", field, expected, shown(value)));
}

std::string text(std::string_view field, const Json& value, int max_length) {
    if (!value.is_string()) refuse(field, value, "a text");
    std::string_view text = value.get_string();
    if (max_length > 0 && characters(text) > static_cast<std::size_t>(max_length))
        throw InvalidValue(
            fmt::format("The field {} takes at most {} characters, and {} were sent.", field,
                        max_length, characters(text)));
    return std::string(text);
}

std::string uuid(std::string_view field, const Json& value) {
    if (!value.is_string()) refuse(field, value, "a UUID");
    auto uuid = normalised_uuid(value.get_string());
    if (!uuid) refuse(field, value, "a UUID");
    return *uuid;
}

bool boolean(std::string_view field, const Json& value) {
    if (value.is_bool()) return value.get_bool();
    std::optional<bool> flag;
    if (value.is_string()) flag = boolean_word(value.get_string());
    if (!flag)
        refuse(
            field, value,
            "true or false, or one of the words 0, 1, f, false, n, no, off, on, t, true, y, yes");
    return *flag;
}

std::int64_t integer(std::string_view field, const Json& value) {
    if (!value.is_int64()) refuse(field, value, "a whole number");
    return value.get_int64();
}

model::JsonText container(std::string_view field, const Json& value, model::FieldType type) {
    if (type == model::FieldType::list && !value.is_array()) refuse(field, value, "a list");
    if (type == model::FieldType::object && !value.is_object()) refuse(field, value, "an object");
    if (depth_of(value) > kMaxDepth)
        throw InvalidValue(fmt::format(
            "The field {} may be nested {} levels deep, and this is more.", field, kMaxDepth));
    return model::JsonText(value);
}

}  // namespace sent

void check_is_object(const Json& body, std::string_view noun) {
    if (!body.is_object())
        throw InvalidValue(fmt::format("A {} is described by a JSON object: send one.", noun));
}

}  // namespace ferrite::api
