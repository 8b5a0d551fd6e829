#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/port.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Ports in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::ports {

/// Throws Conflict that names the address, UUID or name that another port has.
void insert(Sql& db, model::Port& port);

/// By UUID when `ident` reads as one, else by name.
std::optional<model::Port> find(Sql& db, std::string_view ident);
model::Port get(Sql& db, std::string_view ident);  ///< The same; throws NotFound.
std::optional<model::Port> find_by_address(Sql& db, std::string_view mac);
std::vector<model::Port> of_node(Sql& db, std::string_view node_uuid);
std::vector<model::Port> of_portgroup(Sql& db, std::string_view portgroup_uuid);

/// Writes what differs from `before`; false when nothing does. Throws Conflict like insert().
bool save(Sql& db, const model::Port& before, model::Port& port);
void remove(Sql& db, const model::Port& port);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Port>* const> fields,
                  const std::function<void(const model::Port&)>& each);

}  // namespace ferrite::store::ports
