#pragma once

#include "store/sql.h"

namespace ferrite::store {

/// Makes the tables that are missing and adds the columns that the field tables have and the
/// database has not: every change of a field table so far is additive, so an upgrade needs no step
/// of its own. Throws Error for a database written by a newer, incompatible version.
void prepare_schema(Sql& db);

}  // namespace ferrite::store
