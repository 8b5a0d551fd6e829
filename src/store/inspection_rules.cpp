#include "store/inspection_rules.h"

#include <fmt/core.h>

#include "base/error.h"
#include "store/named.h"
#include "store/tables.h"

namespace ferrite::store::inspection_rules {

using model::InspectionRule;

void insert(Sql& db, InspectionRule& rule) {
    insert_named(db, inspection_rule_table(), rule, "rule");
}

std::optional<InspectionRule> find(Sql& db, std::string_view ident) {
    return find_named(db, inspection_rule_table(), ident);
}

InspectionRule get(Sql& db, std::string_view ident) {
    if (auto rule = find(db, ident)) return std::move(*rule);
    throw NotFound(fmt::format("Inspection rule {} could not be found.", ident.substr(0, 300)));
}

bool save(Sql& db, const InspectionRule& before, InspectionRule& rule) {
    return save_named(db, inspection_rule_table(), before, rule, "rule");
}

void remove(Sql& db, const InspectionRule& rule) {
    delete_row(db, inspection_rule_table(), rule);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<InspectionRule>* const> fields,
                  const std::function<void(const InspectionRule&)>& each) {
    return read_page<InspectionRule>(db, inspection_rule_table(), query, fields, each);
}

}  // namespace ferrite::store::inspection_rules
