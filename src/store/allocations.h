#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/allocation.h"
#include "model/node.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Allocations in the database; inside `Store::read` or `Store::write`. An allocation that has a
/// node lasts as long as the node names it: `nodes::save` of a node that lets go of its
/// `allocation_uuid`, and `nodes::remove`, end the allocation as well.
namespace ferrite::store::allocations {

/// Stamps `created_at` and sets the id. Throws Conflict for a UUID or name that is taken.
void insert(Sql& db, model::Allocation& allocation);
/// By UUID when `ident` reads as one, else by name.
std::optional<model::Allocation> find(Sql& db, std::string_view ident);
/// The same; throws NotFound.
model::Allocation get(Sql& db, std::string_view ident);
/// Writes what differs and stamps `updated_at`; false when nothing did. Throws Conflict for a name
/// that is taken.
bool save(Sql& db, const model::Allocation& before, model::Allocation& allocation);
/// Deletes the row; whoever calls it knows that no node belongs to it.
void remove(Sql& db, const model::Allocation& allocation);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Allocation>* const> fields,
                  const std::function<void(const model::Allocation&)>& each);

/// UUIDs of those that still look for their node, oldest first.
std::vector<std::string> unplaced(Sql& db);
/// The same, those that the conductor `host` looks for.
std::vector<std::string> unplaced_of(Sql& db, std::string_view host);
/// Those whose conductor is no more.
std::vector<std::string> orphans(Sql& db);
/// Gives one of them to the conductor `host`. False when it is none any more, as another conductor
/// was at it as well.
bool adopt(Sql& db, std::string_view uuid, std::string_view host);

/// Gives `node` to the allocation, which is then active: the node gets the allocation's UUID as its
/// instance and its traits as those to deploy for. Throws Conflict when another node is that
/// instance already.
void give(Sql& db, model::Allocation& allocation, const model::Node& node);

/// Gives the allocation the best node that is free (see allocation_match.h): choice and change are
/// one transaction, so no node is given away twice. False when none is; true when there is nothing
/// left to do, also because the allocation is gone. Throws as give() does.
bool place(Sql& db, std::string_view uuid);

/// Ends the search: state `error`, and `why` as last_error. Leaves an allocation alone that found
/// its node in the meantime.
void fail(Sql& db, std::string_view uuid, std::string why);

}  // namespace ferrite::store::allocations
