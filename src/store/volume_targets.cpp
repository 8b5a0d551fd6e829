#include "store/volume_targets.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::volume_targets {
namespace {

using model::VolumeTarget;

std::string taken(const VolumeTarget& target, std::string_view column) {
    if (column == "volume_targets.uuid")
        return fmt::format("A volume target with UUID {} already exists.", target.uuid);
    return fmt::format("A volume target with boot index {} already exists for node {}.",
                       target.boot_index, target.node_uuid);
}

}  // namespace

void insert(Sql& db, VolumeTarget& target) {
    target.created_at = now_seconds();
    unless_taken([&] { insert_row(db, volume_target_table(), target); },
                 [&](std::string_view column) { return taken(target, column); });
}

std::optional<VolumeTarget> find(Sql& db, std::string_view uuid) {
    auto normal = normalised_uuid(uuid);
    if (!normal) return std::nullopt;
    return find_row(db, volume_target_table(), "uuid", *normal);
}

VolumeTarget get(Sql& db, std::string_view uuid) {
    if (auto target = find(db, uuid)) return std::move(*target);
    throw NotFound(fmt::format("Volume target {} could not be found.", uuid));
}

std::vector<VolumeTarget> of_node(Sql& db, std::string_view node_uuid) {
    return find_rows(db, volume_target_table(), {"node_uuid = ?", {std::string(node_uuid)}});
}

bool save(Sql& db, const VolumeTarget& before, VolumeTarget& target) {
    return unless_taken([&] { return save_row(db, volume_target_table(), before, target); },
                        [&](std::string_view column) { return taken(target, column); });
}

void remove(Sql& db, const VolumeTarget& target) {
    delete_row(db, volume_target_table(), target);
}

void remove_of_node(Sql& db, std::string_view node_uuid) {
    Query rows(db, "DELETE FROM volume_targets WHERE node_uuid=?");
    rows.bind(0, node_uuid).run();
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<VolumeTarget>* const> fields,
                  const std::function<void(const VolumeTarget&)>& each) {
    return read_page<VolumeTarget>(db, volume_target_table(), query, fields, each);
}

}  // namespace ferrite::store::volume_targets
