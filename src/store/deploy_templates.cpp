#include "store/deploy_templates.h"

#include <fmt/core.h>

#include "base/error.h"
#include "store/named.h"
#include "store/tables.h"

namespace ferrite::store::deploy_templates {

using model::DeployTemplate;

void insert(Sql& db, DeployTemplate& deploy_template) {
    insert_named(db, deploy_template_table(), deploy_template, "deploy template");
}

std::optional<DeployTemplate> find(Sql& db, std::string_view ident) {
    return find_named(db, deploy_template_table(), ident);
}

DeployTemplate get(Sql& db, std::string_view ident) {
    if (auto deploy_template = find(db, ident)) return std::move(*deploy_template);
    throw NotFound(fmt::format("Deploy template {} could not be found.", ident.substr(0, 300)));
}

bool save(Sql& db, const DeployTemplate& before, DeployTemplate& deploy_template) {
    return save_named(db, deploy_template_table(), before, deploy_template, "deploy template");
}

void remove(Sql& db, const DeployTemplate& deploy_template) {
    delete_row(db, deploy_template_table(), deploy_template);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<DeployTemplate>* const> fields,
                  const std::function<void(const DeployTemplate&)>& each) {
    return read_page<DeployTemplate>(db, deploy_template_table(), query, fields, each);
}

}  // namespace ferrite::store::deploy_templates
