#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/conductor.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Conductors in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::conductors {

/// Adds the row of this conductor or brings it up to date: online, heard of now. Whatever process
/// had the name before is held to be dead: its locks are broken (nodes::break_locks()).
/// `incarnation` is the one that has it now.
void enter(Sql& db, std::string_view hostname, std::string_view incarnation, std::string_view group,
           const std::vector<std::string>& drivers);
/// Marks that it was heard of. False for one that is held to be dead, or whose name another process
/// has.
bool heartbeat(Sql& db, std::string_view hostname, std::string_view incarnation);
/// Whether the process of that incarnation is one of the service.
bool has_entered(Sql& db, std::string_view incarnation);
/// Takes out those that were not heard of since `since`, and breaks their locks; their names.
std::vector<std::string> bury_silent(Sql& db, Timestamp since);
/// Takes no more nodes from now on, and goes on with what it has; the row stays.
void leave(Sql& db, std::string_view hostname);
/// Leaves, and gives all locks back.
void depart(Sql& db, std::string_view hostname);
/// How other processes reach a conductor that has entered, and what it offers.
void announce(Sql& db, std::string_view hostname, std::string_view rpc_endpoint,
              const model::JsonText& offers);

/// Removes the rows of at most `most` conductors that are dead and were not heard of since `since`,
/// and their names from the nodes that they had; their names.
std::vector<std::string> remove_gone(Sql& db, Timestamp since, std::int64_t most);

std::optional<model::Conductor> find(Sql& db, std::string_view hostname);
/// Those that are online and have been heard of since `oldest`; of `self` it is known that it
/// lives.
std::vector<model::Conductor> live_since(Sql& db, Timestamp oldest, std::string_view self);
std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Conductor>* const> fields,
                  const std::function<void(const model::Conductor&)>& each);

}  // namespace ferrite::store::conductors
