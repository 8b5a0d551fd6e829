#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "base/uuid.h"
#include "store/table_impl.h"

/// What resources have in common that have a UUID and perhaps a name. For the repository files of
/// such resources; `noun` is their word in messages.
namespace ferrite::store {

/// What a write that met a duplicate says: `column` is the one whose value is taken.
template <class R>
std::string taken_text(const R& row, std::string_view noun, std::string_view column) {
    if constexpr (requires { row.name; })
        if (column.ends_with(".name"))
            return fmt::format("A {} with name {} already exists.", noun, row.name);
    return fmt::format("A {} with UUID {} already exists.", noun, row.uuid);
}

/// Stores a new row and stamps `created_at`. Throws Conflict for a UUID or name that is taken.
template <class R>
void insert_named(Sql& db, const Table<R>& table, R& row, std::string_view noun) {
    row.created_at = now_seconds();
    unless_taken([&] { insert_row(db, table, row); },
                 [&](std::string_view column) { return taken_text(row, noun, column); });
}

/// As save_row(). Throws Conflict for a name that is taken.
template <class R>
bool save_named(Sql& db, const Table<R>& table, const R& before, R& row, std::string_view noun) {
    return unless_taken([&] { return save_row(db, table, before, row); },
                        [&](std::string_view column) { return taken_text(row, noun, column); });
}

/// By UUID; by name too when the resource has one.
template <class R>
std::optional<R> find_named(Sql& db, const Table<R>& table, std::string_view ident) {
    if (auto uuid = normalised_uuid(ident)) return find_row(db, table, "uuid", *uuid);
    if constexpr (requires(R row) { row.name; })
        return find_row(db, table, "name", std::string(ident));
    return std::nullopt;
}

}  // namespace ferrite::store
