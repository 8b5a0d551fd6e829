#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "model/deploy_template.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Deploy templates in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::deploy_templates {

void insert(Sql& db,
            model::DeployTemplate& deploy_template);  ///< Throws Conflict for what is taken.
/// By UUID or name.
std::optional<model::DeployTemplate> find(Sql& db, std::string_view ident);
model::DeployTemplate get(Sql& db, std::string_view ident);  ///< The same; throws NotFound.
/// False when nothing differs.
bool save(Sql& db, const model::DeployTemplate& before, model::DeployTemplate& deploy_template);
void remove(Sql& db, const model::DeployTemplate& deploy_template);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::DeployTemplate>* const> fields,
                  const std::function<void(const model::DeployTemplate&)>& each);

}  // namespace ferrite::store::deploy_templates
