#pragma once

#include <string_view>

#include "store/database.h"

/// What may stand behind the question mark of a server's URL: what the original's drivers,
/// psycopg2 and PyMySQL, take there and what has a meaning for this program. Nothing is passed over
/// in silence: a mistyped `sslmode` would leave the connection open to everybody.
namespace ferrite::store {

/// Throws InvalidValue that names the parameter when there is none of that name, or when it can not
/// have the value, which is never shown.
void check_url_parameter(Database::Kind kind, std::string_view name, std::string_view value);

/// Throws InvalidValue that says that it is there twice.
[[noreturn]] void refuse_repeated_parameter(std::string_view name);

/// True for a flag that is set: "true", "yes", "on" or "1".
bool is_set(std::string_view flag);

}  // namespace ferrite::store
