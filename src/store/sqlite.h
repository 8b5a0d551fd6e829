#pragma once

#include <memory>
#include <string>

#include "store/sql.h"

namespace ferrite::store {

/// Opens `path`, makes it when it is missing and `mode` allows: WAL mode, every commit on the disk
/// before it is reported. Throws Error that names it.
std::unique_ptr<Sql> open_sqlite(const std::string& path, Sql::Mode mode);

}  // namespace ferrite::store
