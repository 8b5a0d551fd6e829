#include "store/runbooks.h"

#include <fmt/core.h>

#include "base/error.h"
#include "store/named.h"
#include "store/tables.h"

namespace ferrite::store::runbooks {

using model::Runbook;

void insert(Sql& db, Runbook& runbook) {
    insert_named(db, runbook_table(), runbook, "runbook");
}

std::optional<Runbook> find(Sql& db, std::string_view ident) {
    return find_named(db, runbook_table(), ident);
}

Runbook get(Sql& db, std::string_view ident) {
    if (auto runbook = find(db, ident)) return std::move(*runbook);
    throw NotFound(fmt::format("Runbook {} could not be found.", ident.substr(0, 300)));
}

bool save(Sql& db, const Runbook& before, Runbook& runbook) {
    return save_named(db, runbook_table(), before, runbook, "runbook");
}

void remove(Sql& db, const Runbook& runbook) {
    delete_row(db, runbook_table(), runbook);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Runbook>* const> fields,
                  const std::function<void(const Runbook&)>& each) {
    return read_page<Runbook>(db, runbook_table(), query, fields, each);
}

}  // namespace ferrite::store::runbooks
