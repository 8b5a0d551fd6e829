#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "model/json_text.h"
#include "model/micro_version.h"

namespace ferrite::model {

/// What the value of a field is, on the wire and in a column.
enum class FieldType { text, uuid, boolean, integer, object, list, timestamp };

/// In which documents a field appears: `brief` in every list, `detail` in detailed lists and shows.
enum class Shown { brief, detail, never };

/// Where the value of a field is kept; nothing for a field that is computed when shown.
template <class R>
using Member =
    std::variant<std::monostate, std::string R::*, std::optional<std::string> R::*, bool R::*,
                 std::optional<bool> R::*, std::int64_t R::*, std::optional<std::int64_t> R::*,
                 JsonText R::*, std::optional<Timestamp> R::*>;

/// One row of a resource's field table: everything that is to be known about the field. JSON out,
/// POST, PATCH, `fields=`, sort keys, version gates, masking and the database column derive from
/// it.
///
///     constexpr Field<Port> kPortFields[] = {
///         field("uuid",    FieldType::uuid, &Port::uuid,    since(1, 1), brief, on_create,
///         unique), field("address", FieldType::text, &Port::address, since(1, 1), brief, always,
///         required),
///     };
template <class R>
struct Field {
    std::string_view name;
    FieldType type = FieldType::text;
    Member<R> member;
    MicroVersion since;
    Shown shown = Shown::detail;
    bool settable_on_create = false;
    bool settable_on_patch = false;
    bool required = false;   ///< A POST without it is refused.
    bool nullable = true;    ///< JSON null is a value a client may send.
    bool selectable = true;  ///< May be named in `fields=`.
    bool sortable = true;    ///< May be named in `sort_key=`.
    bool masked = false;     ///< Passwords inside are shown as asterisks.
    bool unique = false;     ///< At most one row has this value.
    bool indexed = false;    ///< Filters use it: an index is kept.
    bool ordered = false;    ///< Lists are often sorted by it: an index in that order is kept.
    /// A field by which such lists are often filtered: an index in that order is kept for each of
    /// its values. Without it, a list of nearly all rows would be sorted to show a page.
    std::string_view ordered_within = {};
    int max_length = 0;      ///< Characters; 0: no limit.

    constexpr bool stored() const { return member.index() != 0; }
};

/// Words that a row of a field table is made of.
inline constexpr auto brief = [](auto& f) { f.shown = Shown::brief; };
inline constexpr auto hidden = [](auto& f) { f.shown = Shown::never, f.selectable = false; };
inline constexpr auto on_create = [](auto& f) { f.settable_on_create = true; };
inline constexpr auto on_patch = [](auto& f) { f.settable_on_patch = true; };
inline constexpr auto always = [](auto& f) { f.settable_on_create = f.settable_on_patch = true; };
inline constexpr auto required = [](auto& f) { f.required = true, f.nullable = false; };
inline constexpr auto not_null = [](auto& f) { f.nullable = false; };
inline constexpr auto unsortable = [](auto& f) { f.sortable = false; };
inline constexpr auto unselectable = [](auto& f) { f.selectable = false; };
inline constexpr auto masked = [](auto& f) { f.masked = true; };
inline constexpr auto unique = [](auto& f) { f.unique = true; };
inline constexpr auto indexed = [](auto& f) { f.indexed = true; };
inline constexpr auto ordered = [](auto& f) { f.ordered = true; };
constexpr auto ordered_within(std::string_view filter) {
    return [filter](auto& f) { f.ordered_within = filter; };
}
constexpr auto at_most(int characters) {
    return [characters](auto& f) { f.max_length = characters; };
}

/// A stored field.
template <class R, class T, class... Words>
constexpr Field<R> field(std::string_view name, FieldType type, T R::* member, MicroVersion since,
                         Words... words) {
    Field<R> f{name, type, member, since};
    if (type == FieldType::object || type == FieldType::list) f.sortable = false;
    (words(f), ...);
    return f;
}

/// A field whose value is worked out when the resource is shown.
template <class R, class... Words>
constexpr Field<R> computed(std::string_view name, FieldType type, MicroVersion since,
                            Words... words) {
    Field<R> f{name, type, {}, since};
    f.sortable = false;
    (words(f), ...);
    return f;
}

/// The row named `name`, or null.
template <class R>
constexpr const Field<R>* find_field(std::span<const Field<R>> table, std::string_view name) {
    for (const auto& f : table)
        if (f.name == name) return &f;
    return nullptr;
}

}  // namespace ferrite::model
