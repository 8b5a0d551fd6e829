#pragma once

#include <string>
#include <vector>

#include "store/dialect.h"

/// What the dialects of both servers share: how catalogues are read, and that the version of the
/// schema is a row of a table.
namespace ferrite::store::server_schema {

/// First column of every row; `parameters` are bound in order.
std::vector<std::string> texts(Sql& db, std::string_view query,
                               const std::vector<std::string_view>& parameters);
/// Of a `query` whose columns are name and type, and whose parameter is the table.
std::vector<Column> columns(Sql& db, std::string_view query, std::string_view table);
std::int64_t version(Sql& db);
void set_version(Sql& db, std::int64_t version);
/// Asks `try_lock`, a SELECT of 1 or 0, until it says 1. A question that waited in the server would
/// keep the other upgrade's CREATE INDEX CONCURRENTLY waiting in turn.
void lock(Sql& db, std::string_view try_lock);

}  // namespace ferrite::store::server_schema
