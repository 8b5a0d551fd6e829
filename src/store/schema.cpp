#include "store/schema.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "store/tables.h"

namespace ferrite::store {
namespace {

constexpr Migration kMigrations[] = {
    {1, "the tables, columns and indices of the field tables", {}},
};

/// What allocations choose from: the free nodes of a resource class, the longest free one first.
Index free_nodes(const Dialect& dialect) {
    return {.name = "nodes_free",
            .table = "nodes",
            .columns = "resource_class, " + dialect.order("provision_updated_at"),
            .only = "provision_state = 'available' AND instance_uuid IS NULL AND maintenance = 0"};
}

/// What the field tables have and the database has not.
Plan additions(Sql& db) {
    Plan plan;
    plan_table(db, node_table(), plan);
    bool is_new = !plan.empty() && plan.front().starts_with("CREATE TABLE");
    plan_table(db, port_table(), plan);
    plan_table(db, portgroup_table(), plan);
    plan_table(db, volume_connector_table(), plan);
    plan_table(db, volume_target_table(), plan);
    plan_table(db, chassis_table(), plan);
    plan_table(db, allocation_table(), plan);
    plan_table(db, conductor_table(), plan);
    plan_table(db, node_history_table(), plan);
    plan_table(db, node_inventory_table(), plan);
    plan_table(db, bios_setting_table(), plan);
    plan_table(db, firmware_component_table(), plan);
    plan_table(db, deploy_template_table(), plan);
    plan_table(db, runbook_table(), plan);
    plan_table(db, inspection_rule_table(), plan);
    auto free = free_nodes(db.dialect());
    free.of_new_table = is_new;
    plan_indices(db, free.table, {&free, 1}, plan);
    return plan;
}

/// One upgrade of a database at a time.
class UpgradeLock {
public:
    explicit UpgradeLock(Sql& db) : db_(db) { db.dialect().begin_upgrade(db); }
    ~UpgradeLock() {
        if (done_) return;
        try {
            db_.dialect().end_upgrade(db_, false);
        } catch (const Error& error) {
            log_warning("SCHEMA_LOCK", "error={}", error.message());
        }
    }
    UpgradeLock(const UpgradeLock&) = delete;
    UpgradeLock& operator=(const UpgradeLock&) = delete;

    void done() {
        db_.dialect().end_upgrade(db_, true);
        done_ = true;
    }

private:
    Sql& db_;
    bool done_ = false;
};

void refuse_newer(const SchemaStatus& status) {
    if (status.is_newer())
        throw Error(500, "schema",
                    fmt::format("The database has schema {} and this program knows schemas up to "
                                "{}: start the newer program, or restore a backup.",
                                status.version, status.newest));
}

}  // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

SchemaStatus schema_status(Sql& db, std::span<const Migration> known) {
    SchemaStatus status{.version = db.dialect().schema_version(db), .newest = known.back().version};
    if (status.is_newer()) return status;
    status.pending = additions(db);
    if (status.version == 0) return status;  // in new tables there is nothing to migrate
    for (const auto& migration : known)
        if (migration.version > status.version)
            for (auto statement : migration.statements) status.pending.emplace_back(statement);
    return status;
}

Plan upgrade_schema(Sql& db, std::span<const Migration> known) {
    UpgradeLock lock(db);
    auto status = schema_status(db, known);
    refuse_newer(status);
    for (const auto& statement : status.pending) db.execute(statement);
    if (status.version != status.newest) db.dialect().set_schema_version(db, status.newest);
    lock.done();
    return status.pending;
}

void require_schema(Sql& db) {
    auto status = schema_status(db);
    refuse_newer(status);
    if (status.up_to_date()) return;
    if (status.version == 0)
        throw Error(500, "schema",
                    "The database is empty: run `ferrited db upgrade` once to make its tables.");
    throw Error(500, "schema",
                fmt::format("The database has schema {}, this program needs schema {} and {} "
                            "changes: run `ferrited db upgrade`, or set "
                            "[database]auto_upgrade = true.",
                            status.version, status.newest, status.pending.size()));
}

}  // namespace ferrite::store
