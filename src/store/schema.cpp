#include "store/schema.h"

#include <fmt/core.h>

#include "base/error.h"
#include "store/tables.h"

namespace ferrite::store {
namespace {

/// Raised when a table changes in a way that older programs can not read.
constexpr std::int64_t kSchemaVersion = 1;

std::int64_t stored_version(Sql& db) {
    Query version(db, "PRAGMA user_version");
    return version.step() ? version.integer(0) : 0;
}

/// What allocations choose from: the free nodes of a resource class, the longest free one first.
constexpr const char* kFreeNodes =
    "CREATE INDEX IF NOT EXISTS nodes_free ON nodes (resource_class, provision_updated_at) WHERE "
    "provision_state = 'available' AND instance_uuid IS NULL AND maintenance = 0";

}  // namespace

void prepare_schema(Sql& db) {
    if (auto version = stored_version(db); version > kSchemaVersion)
        throw Error(500, "schema",
                    fmt::format("The database has schema {} and this program knows schemas up to "
                                "{}: start the newer program, or restore a backup.",
                                version, kSchemaVersion));
    db.execute("BEGIN IMMEDIATE");
    prepare_table(db, node_table());
    prepare_table(db, port_table());
    prepare_table(db, portgroup_table());
    prepare_table(db, volume_connector_table());
    prepare_table(db, volume_target_table());
    prepare_table(db, chassis_table());
    prepare_table(db, allocation_table());
    prepare_table(db, conductor_table());
    prepare_table(db, node_history_table());
    prepare_table(db, node_inventory_table());
    prepare_table(db, bios_setting_table());
    prepare_table(db, firmware_component_table());
    db.execute(kFreeNodes);
    prepare_table(db, deploy_template_table());
    prepare_table(db, runbook_table());
    prepare_table(db, inspection_rule_table());
    db.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
    db.execute("COMMIT");
}

}  // namespace ferrite::store
