#pragma once

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
    explicit JsonText(const Json& value) : text_(value.is_null() ? std::string() : to_text(value)) {}

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

    bool operator==(const JsonText&) const = default;

private:
    std::string text_;
};

}  // namespace ferrite::model
