#pragma once

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/resource.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/time.h"
#include "model/field.h"
#include "model/mask.h"

/// How rows become JSON. A Document is prepared once per request (selection of fields), or once for
/// all requests of a version, and then writes each row straight into the text of the answer: no
/// tree, no look-up, no allocation but the text's own growth.
namespace ferrite::api {

void append_timestamp(std::string& out, Timestamp time);

namespace value {

inline void append(std::string& out, model::FieldType, const std::string& text) {
    append_json_string(out, text);
}
inline void append(std::string& out, model::FieldType, bool flag) {
    out += flag ? "true" : "false";
}
inline void append(std::string& out, model::FieldType, std::int64_t number) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}
inline void append(std::string& out, model::FieldType, Timestamp time) {
    append_timestamp(out, time);
}
inline void append(std::string& out, model::FieldType type, const model::JsonText& json) {
    if (json.absent())
        out += type == model::FieldType::list ? "[]" : "{}";
    else
        out += json.text();
}
template <class T>
void append(std::string& out, model::FieldType type, const std::optional<T>& maybe) {
    if (maybe)
        append(out, type, *maybe);
    else
        out += "null";
}

}  // namespace value

/// Appends the stored value of a field as JSON, with the secrets masked in a field that has some.
template <class R>
void append_field(std::string& out, const model::Field<R>& field, const R& row) {
    std::visit(
        [&](auto member) {
            if constexpr (std::is_same_v<decltype(member), std::monostate>)
                out += "null";
            else if constexpr (std::is_same_v<decltype(member), model::JsonText R::*>)
                if (field.masked && !(row.*member).absent())
                    model::append_masked(out, (row.*member).text(), {});
                else
                    value::append(out, field.type, row.*member);
            else
                value::append(out, field.type, row.*member);
        },
        field.member);
}

/// Whether the stored value of a field is none, as most are of most rows.
template <class R>
bool is_null(const model::Field<R>& field, const R& row) {
    if (const auto* text = std::get_if<std::optional<std::string> R::*>(&field.member))
        return !(row.*(*text));
    return false;
}

template <class R>
class Document {
public:
    using Field = model::Field<R>;

    /// Every field of a detailed document, or of a brief one, at the version of the call.
    static Document of_kind(const Resource<R>& resource, const Call& call, model::Shown shown) {
        static Kinds kinds;
        MutexLock lock(kinds.mutex);
        auto& layout = kinds.layouts[{&resource, call.version, shown}];
        if (!layout) layout = std::make_shared<Layout>(layout_of_kind(resource, call, shown));
        return Document(layout);
    }

    /// The fields that a client or a handler named, and links.
    static Document of_names(const Resource<R>& resource, const Call& call,
                             std::span<const std::string> names) {
        Layout layout(resource);
        for (const auto& name : names)
            if (const auto* field = find_field(resource.fields, std::string_view(name));
                field && field->since <= call.version)
                layout.add(*field);
        if (const auto* links = find_field(resource.fields, std::string_view("links")))
            layout.add(*links);
        return Document(std::make_shared<Layout>(std::move(layout)));
    }

    /// Shows `names` as far as the version has them, without links.
    static Document of_part(const Resource<R>& resource, const Call& call,
                            std::span<const std::string_view> names) {
        Layout layout(resource);
        for (auto name : names)
            if (const auto* field = find_field(resource.fields, name);
                field && field->since <= call.version)
                layout.add(*field);
        return Document(std::make_shared<Layout>(std::move(layout)));
    }

    /// What has to be read from the database to write this document and to make its links.
    std::span<const Field* const> columns() const { return layout_->columns; }

    /// Has `columns()` name `field` as well.
    void need(std::string_view field) {
        Layout changed(*layout_);
        changed.need(field);
        layout_ = std::make_shared<Layout>(std::move(changed));
    }

    void append(const Showing& showing, const R& row, std::string& out) const {
        out += '{';
        for (const auto& piece : layout_->pieces) {
            if (piece.view) {
                out += piece.key;
                piece.view->append(showing, row, out);
            } else if (is_null(*piece.field, row)) {
                out += piece.null;
            } else {
                out += piece.key;
                append_field(out, *piece.field, row);
            }
        }
        out += '}';
    }

private:
    struct Piece {
        std::string key;   ///< `,"name":`
        std::string null;  ///< `,"name":null`
        const Field* field;
        const View<R>* view;
    };

    /// What is the same for every row, and for every Document of a kind.
    struct Layout {
        const Resource<R>* resource;
        std::vector<Piece> pieces;
        std::vector<const Field*> columns;

        explicit Layout(const Resource<R>& of) : resource(&of) { need(of.key_field); }

        void add(const Field& field) {
            for (const auto& piece : pieces)
                if (piece.field == &field) return;
            const View<R>* view = nullptr;
            for (const auto& candidate : resource->views)
                if (candidate.field == field.name) view = &candidate;
            std::string key = pieces.empty() ? "" : ",";
            append_json_string(key, field.name);
            pieces.push_back({key + ':', key + ":null", &field, view});
            need(field.name);
            if (!view) return;
            for (auto name : view->needs) need(name);
        }

        void need(std::string_view name) {
            const auto* found = find_field(resource->fields, name);
            if (found && found->stored() && std::ranges::find(columns, found) == columns.end())
                columns.push_back(found);
        }
    };

    /// The layouts of of_kind(): as many as there are versions that somebody has asked for.
    struct Kinds {
        using Key = std::tuple<const Resource<R>*, model::MicroVersion, model::Shown>;
        Mutex mutex;
        std::map<Key, std::shared_ptr<const Layout>> layouts FERRITE_GUARDED_BY(mutex);
    };

    static Layout layout_of_kind(const Resource<R>& resource, const Call& call,
                                 model::Shown shown) {
        Layout layout(resource);
        for (const auto& field : resource.fields) {
            if (field.since > call.version || field.shown == model::Shown::never) continue;
            if (shown == model::Shown::brief && field.shown != model::Shown::brief) continue;
            layout.add(field);
        }
        return layout;
    }

    explicit Document(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {}

    std::shared_ptr<const Layout> layout_;
};

/// The whole answer for one row.
template <class R>
std::string document_text(const Resource<R>& resource, const Call& call, const R& row) {
    std::string out;
    Document<R>::of_kind(resource, call, model::Shown::detail).append(Showing(call), row, out);
    return out;
}

}  // namespace ferrite::api
