#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "store/sql.h"
#include "store/table.h"

namespace ferrite::store {

/// A change of the schema that the field tables do not say by themselves: of what is stored, or one
/// that older programs can not live with.
///
/// What is only added (tables, columns, indices) needs no migration: the field tables are compared
/// with the database, and programs of either age work on the result.
struct Migration {
    std::int64_t version;  ///< That the database has afterwards; they count up.
    std::string_view what;
    /// Statements that every database understands and that may run twice. They run in order, after
    /// everything that the field tables add.
    std::span<const std::string_view> statements;
};

/// All, oldest first. The newest one's version is the one that this program writes.
std::span<const Migration> migrations();

/// What a database has and what it needs.
struct SchemaStatus {
    std::int64_t version = 0;  ///< 0: there are no tables yet.
    std::int64_t newest = 0;   ///< That this program knows.
    Plan pending;              ///< Statements that bring the database there, in order.

    bool is_newer() const { return version > newest; }
    bool up_to_date() const { return version == newest && pending.empty(); }
};

/// Looks, and changes nothing.
SchemaStatus schema_status(Sql& db, std::span<const Migration> known = migrations());

/// Brings the database to the newest schema; returns what it ran. Of several programs that do so at
/// once one works and the others wait. Throws Error "schema" for a database of a newer program.
Plan upgrade_schema(Sql& db, std::span<const Migration> known = migrations());

/// Throws Error "schema" that says what to do, unless the database is up to date.
void require_schema(Sql& db);

}  // namespace ferrite::store
