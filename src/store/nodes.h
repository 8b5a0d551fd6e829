#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/node.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Nodes in the database. Each function is one or a few statements on the connection it is given:
/// inside `Store::read` or `Store::write`.
namespace ferrite::store::nodes {

/// Stores a new node, stamps `created_at` and sets its id. Throws Conflict that names the UUID,
/// name or instance UUID that another node has.
void insert(Sql& db, model::Node& node);

/// By UUID when `ident` reads as one, else by name.
std::optional<model::Node> find(Sql& db, std::string_view ident);
/// The same; throws NotFound.
model::Node get(Sql& db, std::string_view ident);
/// For who adds what belongs to the node: until the end of the transaction nobody deletes it.
/// Throws NotFound.
void keep(Sql& db, std::string_view uuid);

/// Writes what differs from `before`, the node as it was read, and nothing else, so that writers of
/// different fields do not undo each other. Stamps `updated_at`, and with a new provision state
/// `provision_updated_at` and the inspection times (reference: conductor.md section 1.4). False
/// when nothing differed. Throws Conflict like insert(), and Error "lease_lost" when somebody took
/// the node's lock since `before` was read.
bool save(Sql& db, const model::Node& before, model::Node& node);

/// Deletes the node with all that belongs to it: ports, portgroups, volumes, history, ...
void remove(Sql& db, const model::Node& node);

/// The lock of a node as somebody took it (conductor.md section 2.4). A lock can be taken away from
/// a conductor that is held to be dead. The generation tells such a one, when it comes back, that
/// the lock it remembers is not the one that the node has.
struct Lease {
    std::int64_t node_id = 0;
    std::string host;
    std::int64_t generation = 0;
};

/// Takes the lock for `host`; nothing when somebody holds it.
std::optional<Lease> reserve(Sql& db, std::int64_t id, std::string_view host);
/// Error (409, "lease_lost") that says so.
Error lost(const Lease& lease);
/// Throws lost() unless `lease` is the lock that the node has. Until the end of
/// the transaction nobody can take it away.
void ensure_held(Sql& db, const Lease& lease);
/// Gives the lock back; false when it was lost, and then nothing changes.
bool release(Sql& db, const Lease& lease);
/// Takes every lock of `host` away from it; returns the UUIDs of those nodes.
std::vector<std::string> break_locks(Sql& db, std::string_view host);

/// Marks that a waiting node has been heard of: its time-out counts from now.
void touch_provisioning(Sql& db, std::int64_t id);

/// The rows of a page, in order. Only `fields` are filled in.
std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Node>* const> fields,
                  const std::function<void(const model::Node&)>& each);

/// UUIDs of the nodes in one of `states`, by an index.
std::vector<std::string> in_states(Sql& db, std::span<const std::string_view> states);

std::vector<std::string> all_uuids(Sql& db);

/// What decides which conductor a node belongs to, and whether it has work to do.
struct Place {
    std::string uuid, driver, conductor_group, provision_state;
    bool powering = false;  ///< Its power state is being changed.
    std::string locked_by;  ///< Empty: by nobody.
};
/// Of every node, or of the one with `uuid`.
std::vector<Place> places(Sql& db, std::optional<std::string_view> uuid = std::nullopt);

/// UUIDs of the nodes whose parent is `uuid`, in the order of their making.
std::vector<std::string> children_of(Sql& db, const std::string& uuid);

/// How many nodes are in one of `states`.
std::int64_t count_in_states(Sql& db, std::span<const std::string_view> states);

struct ShardCount {
    std::string name;  ///< "None" for the nodes without a shard, as the API says it.
    std::int64_t count = 0;
};
std::vector<ShardCount> shards(Sql& db);

}  // namespace ferrite::store::nodes
