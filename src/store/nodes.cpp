#include "store/nodes.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "model/states.h"
#include "store/tables.h"

namespace ferrite::store::nodes {
namespace {

using model::Node;
namespace states = model::states;

[[noreturn]] void explain_duplicate(const Error& error, const Node& node) {
    if (error.code() != "duplicate") throw error;
    std::string_view column = error.message();
    if (column == "nodes.name")
        throw Conflict(fmt::format("A node with name {} already exists.", node.name.value_or("")));
    if (column == "nodes.instance_uuid")
        throw Conflict(fmt::format("Instance {} is already associated with another node.",
                                   node.instance_uuid.value_or("")));
    throw Conflict(fmt::format("A node with UUID {} already exists.", node.uuid));
}

/// The times that follow from a change of the provision state, whoever makes it.
void stamp_state_change(const Node& before, Node& node) {
    if (before.provision_state == node.provision_state) return;
    auto now = now_seconds();
    node.provision_updated_at = now;
    bool was_inspecting =
        before.in_state(states::inspecting) || before.in_state(states::inspect_wait);
    if (node.in_state(states::inspecting)) {
        node.inspection_started_at = now;
        node.inspection_finished_at.reset();
    } else if (was_inspecting && node.in_state(states::manageable)) {
        node.inspection_finished_at = now;
        node.inspection_started_at.reset();
    } else if (was_inspecting && node.in_state(states::inspect_failed)) {
        node.inspection_started_at.reset();
    }
}

/// An allocation is nothing without its node.
void end_allocation(Sql& db, std::string_view uuid) {
    Query row(db, "DELETE FROM allocations WHERE uuid=?");
    row.bind(0, uuid).run();
}

std::string marks(std::size_t count) {
    std::string text = "?";
    for (std::size_t i = 1; i < count; ++i) text += ",?";
    return text;
}

}  // namespace

void insert(Sql& db, Node& node) {
    node.created_at = now_seconds();
    try {
        insert_row(db, node_table(), node);
    } catch (const Error& error) {
        explain_duplicate(error, node);
    }
}

std::optional<Node> find(Sql& db, std::string_view ident) {
    if (auto uuid = normalised_uuid(ident)) return find_row(db, node_table(), "uuid", *uuid);
    return find_row(db, node_table(), "name", std::string(ident));
}

Node get(Sql& db, std::string_view ident) {
    if (auto node = find(db, ident)) return std::move(*node);
    throw NotFound(fmt::format("Node {} could not be found.", ident));
}

void keep(Sql& db, std::string_view uuid) {
    if (!keep_row(db, node_table(), uuid))
        throw NotFound(fmt::format("Node {} could not be found.", uuid));
}

bool save(Sql& db, const Node& before, Node& node) {
    stamp_state_change(before, node);
    auto was_updated = node.updated_at;
    node.updated_at = before.updated_at;
    try {
        if (!update_row(db, node_table(), before, node)) {
            node.updated_at = was_updated;
            return false;
        }
    } catch (const Error& error) {
        explain_duplicate(error, node);
    }
    if (before.allocation_uuid && node.allocation_uuid != before.allocation_uuid)
        end_allocation(db, *before.allocation_uuid);
    node.updated_at = now_seconds();
    Query stamp(db, "UPDATE nodes SET updated_at=? WHERE id=? AND reservation_generation=?");
    stamp.bind(0, node.updated_at->time_since_epoch().count()).bind(1, node.id);
    if (stamp.bind(2, before.reservation_generation).run() != 1)
        throw lost({node.id, before.reservation.value_or("nobody"), 0});
    return true;
}

void remove(Sql& db, const Node& node) {
    for (auto table : {"ports", "portgroups", "volume_connectors", "volume_targets", "allocations",
                       "node_history", "node_inventory", "bios_settings", "firmware_components"}) {
        Query rows(db, fmt::format("DELETE FROM {} WHERE node_uuid=?", table));
        rows.bind(0, std::string_view(node.uuid)).run();
    }
    Query row(db, "DELETE FROM nodes WHERE id=?");
    row.bind(0, node.id).run();
}

Error lost(const Lease& lease) {
    return Error(
        409, "lease_lost",
        fmt::format("The lock that {} had of node number {} was taken over, because {} was "
                    "held to be dead: the work goes on elsewhere.",
                    lease.host, lease.node_id, lease.host));
}

std::optional<Lease> reserve(Sql& db, std::int64_t id, std::string_view host) {
    Query lock(db,
               "UPDATE nodes SET reservation=?, reservation_generation=reservation_generation+1 "
               "WHERE id=? AND reservation IS NULL");
    if (lock.bind(0, host).bind(1, id).run() != 1) return std::nullopt;
    Query taken(db, "SELECT reservation_generation FROM nodes WHERE id=?");
    taken.bind(0, id).step();
    return Lease{id, std::string(host), taken.integer(0)};
}

void ensure_held(Sql& db, const Lease& lease) {
    // An UPDATE, since a SELECT would not keep the row from others on every database.
    Query hold(db,
               "UPDATE nodes SET reservation=reservation "
               "WHERE id=? AND reservation=? AND reservation_generation=?");
    hold.bind(0, lease.node_id).bind(1, std::string_view(lease.host)).bind(2, lease.generation);
    if (hold.run() != 1) throw lost(lease);
}

bool release(Sql& db, const Lease& lease) {
    Query unlock(db,
                 "UPDATE nodes SET reservation=NULL "
                 "WHERE id=? AND reservation=? AND reservation_generation=?");
    unlock.bind(0, lease.node_id).bind(1, std::string_view(lease.host)).bind(2, lease.generation);
    return unlock.run() == 1;
}

std::vector<std::string> break_locks(Sql& db, std::string_view host) {
    std::vector<std::string> uuids;
    Query held(db, "SELECT uuid FROM nodes WHERE reservation=?");
    held.bind(0, host);
    while (held.step()) uuids.emplace_back(held.text(0));
    Query unlock(db,
                 "UPDATE nodes SET reservation=NULL, "
                 "reservation_generation=reservation_generation+1 WHERE reservation=?");
    unlock.bind(0, host).run();
    return uuids;
}

void touch_provisioning(Sql& db, std::int64_t id) {
    Query touch(db, "UPDATE nodes SET provision_updated_at=? WHERE id=?");
    touch.bind(0, now_seconds().time_since_epoch().count()).bind(1, id).run();
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Node>* const> fields,
                  const std::function<void(const Node&)>& each) {
    return read_page<Node>(db, node_table(), query, fields, each);
}

std::vector<std::string> in_states(Sql& db, std::span<const std::string_view> wanted) {
    std::vector<std::string> uuids;
    Query rows(db, fmt::format("SELECT uuid FROM nodes WHERE provision_state IN ({})",
                               marks(wanted.size())));
    for (std::size_t i = 0; i < wanted.size(); ++i) rows.bind(static_cast<int>(i), wanted[i]);
    while (rows.step()) uuids.emplace_back(rows.text(0));
    return uuids;
}

std::vector<std::string> all_uuids(Sql& db) {
    std::vector<std::string> uuids;
    Query rows(db, "SELECT uuid FROM nodes");
    while (rows.step()) uuids.emplace_back(rows.text(0));
    return uuids;
}

std::vector<Place> places(Sql& db, std::optional<std::string_view> uuid) {
    std::vector<Place> found;
    Query rows(db, fmt::format("SELECT uuid, driver, conductor_group, provision_state, "
                               "target_power_state IS NOT NULL, reservation FROM nodes{}",
                               uuid ? " WHERE uuid=?" : ""));
    if (uuid) rows.bind(0, *uuid);
    while (rows.step())
        found.push_back({std::string(rows.text(0)), std::string(rows.text(1)),
                         std::string(rows.text(2)), std::string(rows.text(3)), rows.integer(4) != 0,
                         std::string(rows.text(5))});
    return found;
}

std::vector<std::string> children_of(Sql& db, const std::string& uuid) {
    Query query(db, "SELECT uuid FROM nodes WHERE parent_node=? ORDER BY id");
    query.bind(0, std::string_view(uuid));
    std::vector<std::string> children;
    while (query.step()) children.emplace_back(query.text(0));
    return children;
}

std::int64_t count_in_states(Sql& db, std::span<const std::string_view> wanted) {
    Query rows(db, fmt::format("SELECT count(*) FROM nodes WHERE provision_state IN ({})",
                               marks(wanted.size())));
    for (std::size_t i = 0; i < wanted.size(); ++i) rows.bind(static_cast<int>(i), wanted[i]);
    return rows.step() ? rows.integer(0) : 0;
}

std::vector<ShardCount> shards(Sql& db) {
    std::vector<ShardCount> counts;
    Query rows(db, fmt::format("SELECT shard, count(*) FROM nodes GROUP BY shard "
                               "ORDER BY count(*) DESC, {}",
                               db.dialect().order("shard")));
    while (rows.step())
        counts.push_back({rows.is_null(0) ? "None" : std::string(rows.text(0)), rows.integer(1)});
    return counts;
}

}  // namespace ferrite::store::nodes
