#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace ferrite::model {

/// A JSON document kept as compact text: what object and list fields are made of. Most are stored
/// and sent on without anybody looking inside, so they are parsed only when asked.
class JsonText {
public:
    JsonText() = default;  ///< Nothing stored: shown as the field's empty value.
    /// `text` must be valid JSON: it comes from the database or from to_text().
    explicit JsonText(std::string text) : text_(std::move(text)) {}
    explicit JsonText(const Json& value)
        : text_(value.is_null() ? std::string() : to_text(value)) {}

    bool absent() const noexcept { return text_.empty(); }
    const std::string& text() const noexcept { return text_; }
    std::string& storage() noexcept { return text_; }

    /// The document; null when absent.
    Json value() const { return absent() ? Json() : parse_json(text_, 64); }
    /// The document as an object; empty when absent or something else.
    JsonObject object() const {
        Json json = value();
        return json.is_object() ? std::move(json.as_object()) : JsonObject();
    }
    JsonArray array() const {
        Json json = value();
        return json.is_array() ? std::move(json.as_array()) : JsonArray();
    }

    /// The member `key` of an object; null when it is not there.
    Json get(std::string_view key) const {
        Json json = value();
        auto* object = json.if_object();
        auto* found = object ? object->if_contains(key) : nullptr;
        return found ? std::move(*found) : Json();
    }
    std::string get_text(std::string_view key, std::string_view fallback = "") const {
        Json json = get(key);
        return std::string(json.is_string() ? std::string_view(json.as_string()) : fallback);
    }
    void set(std::string_view key, Json member) {
        JsonObject object = this->object();
        object[key] = std::move(member);
        text_ = to_text(Json(std::move(object)));
    }
    /// Takes members out of the object; those that are not there do not matter.
    void erase(std::initializer_list<std::string_view> keys) {
        JsonObject object = this->object();
        std::size_t before = object.size();
        for (auto key : keys) object.erase(key);
        if (object.size() != before) text_ = to_text(Json(std::move(object)));
    }

    bool operator==(const JsonText&) const = default;

private:
    std::string text_;
};

}  // namespace ferrite::model
