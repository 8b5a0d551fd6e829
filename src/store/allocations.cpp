#include "store/allocations.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "model/states.h"
#include "store/allocation_match.h"
#include "store/nodes.h"
#include "store/tables.h"

namespace ferrite::store::allocations {
namespace {

using model::Allocation;
namespace states = model::allocation_states;

constexpr std::string_view kOrphaned =
    "state=? AND (conductor_affinity IS NULL OR conductor_affinity NOT IN "
    "(SELECT hostname FROM conductors WHERE entered=1))";

[[noreturn]] void explain_duplicate(const Error& error, const Allocation& allocation) {
    if (error.code() != "duplicate") throw error;
    if (error.message() == "allocations.name")
        throw Conflict(fmt::format("An allocation with name {} already exists.",
                                   allocation.name.value_or("")));
    throw Conflict(fmt::format("An allocation with UUID {} already exists.", allocation.uuid));
}

}  // namespace

void insert(Sql& db, Allocation& allocation) {
    allocation.created_at = now_seconds();
    try {
        insert_row(db, allocation_table(), allocation);
    } catch (const Error& error) {
        explain_duplicate(error, allocation);
    }
}

std::optional<Allocation> find(Sql& db, std::string_view ident) {
    if (auto uuid = normalised_uuid(ident)) return find_row(db, allocation_table(), "uuid", *uuid);
    return find_row(db, allocation_table(), "name", std::string(ident));
}

Allocation get(Sql& db, std::string_view ident) {
    if (auto allocation = find(db, ident)) return std::move(*allocation);
    throw NotFound(fmt::format("Allocation {} could not be found.", ident));
}

bool save(Sql& db, const Allocation& before, Allocation& allocation) {
    try {
        allocation.updated_at = before.updated_at;
        if (!update_row(db, allocation_table(), before, allocation)) return false;
    } catch (const Error& error) {
        explain_duplicate(error, allocation);
    }
    allocation.updated_at = now_seconds();
    Query stamp(db, "UPDATE allocations SET updated_at=? WHERE id=?");
    stamp.bind(0, allocation.updated_at->time_since_epoch().count()).bind(1, allocation.id).run();
    return true;
}

void remove(Sql& db, const Allocation& allocation) {
    Query row(db, "DELETE FROM allocations WHERE id=?");
    row.bind(0, allocation.id).run();
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Allocation>* const> fields,
                  const std::function<void(const Allocation&)>& each) {
    return read_page<Allocation>(db, allocation_table(), query, fields, each);
}

std::vector<std::string> unplaced(Sql& db) {
    std::vector<std::string> uuids;
    Query rows(db, "SELECT uuid FROM allocations WHERE state=? ORDER BY id");
    rows.bind(0, states::allocating);
    while (rows.step()) uuids.emplace_back(rows.text(0));
    return uuids;
}

std::vector<std::string> unplaced_of(Sql& db, std::string_view host) {
    std::vector<std::string> uuids;
    Query rows(db,
               "SELECT uuid FROM allocations WHERE state=? AND conductor_affinity=? ORDER BY id");
    rows.bind(0, states::allocating).bind(1, host);
    while (rows.step()) uuids.emplace_back(rows.text(0));
    return uuids;
}

std::vector<std::string> orphans(Sql& db) {
    std::vector<std::string> uuids;
    Query rows(db, fmt::format("SELECT uuid FROM allocations WHERE {} ORDER BY id", kOrphaned));
    rows.bind(0, states::allocating);
    while (rows.step()) uuids.emplace_back(rows.text(0));
    return uuids;
}

bool adopt(Sql& db, std::string_view uuid, std::string_view host) {
    Query mine(db, fmt::format("UPDATE allocations SET conductor_affinity=? WHERE uuid=? AND {}",
                               kOrphaned));
    return mine.bind(0, host).bind(1, uuid).bind(2, states::allocating).run() == 1;
}

void give(Sql& db, Allocation& allocation, const model::Node& node) {
    auto given = node;
    given.instance_uuid = allocation.uuid;
    given.allocation_uuid = allocation.uuid;
    given.instance_info.set("traits", Json(allocation.traits.array()));
    all_or_nothing(db, [&] { nodes::save(db, node, given); });
    auto before = allocation;
    allocation.node_uuid = node.uuid;
    allocation.state = states::active;
    allocation.last_error.reset();
    save(db, before, allocation);
}

bool place(Sql& db, std::string_view uuid) {
    auto allocation = find(db, uuid);
    if (!allocation || !allocation->in_state(states::allocating)) return true;
    auto chosen = best_match(db, *allocation);
    if (!chosen) return false;
    auto lease = nodes::reserve(db, nodes::get(db, *chosen).id, "allocation");
    if (!lease) return false;
    // Where transactions run side by side, it may have been given away until the lock was ours.
    auto node = nodes::get(db, *chosen);
    bool still_free =
        !node.instance_uuid && !node.maintenance && node.in_state(model::states::available);
    if (still_free) give(db, *allocation, node);
    nodes::release(db, *lease);
    return still_free;
}

void fail(Sql& db, std::string_view uuid, std::string why) {
    auto before = find(db, uuid);
    if (!before || !before->in_state(states::allocating)) return;
    auto failed = *before;
    failed.state = states::error;
    failed.last_error = std::move(why);
    save(db, *before, failed);
}

}  // namespace ferrite::store::allocations
