#include "store/history.h"

#include <chrono>

#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::history {

using model::NodeHistory;

void add(Sql& db, const model::Node& node, std::string_view conductor, std::string_view severity,
         std::string_view event_type, std::string_view event, std::int64_t keep) {
    NodeHistory row;
    row.uuid = new_uuid();
    row.created_at = now_seconds();
    row.node_uuid = node.uuid;
    row.conductor = conductor;
    row.severity = severity;
    row.event_type = event_type;
    row.event = event;
    row.state = node.provision_state;
    row.target_provision_state = node.target_provision_state;
    if (node.provision_updated_at)
        row.duration_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                                   *row.created_at - *node.provision_updated_at)
                                   .count();
    insert_row(db, node_history_table(), row);
    Query trim(db,
               "DELETE FROM node_history WHERE node_uuid=?1 AND id <= (SELECT id FROM node_history "
               "WHERE node_uuid=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)");
    trim.bind(0, std::string_view(node.uuid)).bind(1, keep).run();
}

std::optional<NodeHistory> find(Sql& db, std::string_view uuid) {
    auto normal = normalised_uuid(uuid);
    if (!normal) return std::nullopt;
    return find_row(db, node_history_table(), "uuid", *normal);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<NodeHistory>* const> fields,
                  const std::function<void(const NodeHistory&)>& each) {
    return read_page<NodeHistory>(db, node_history_table(), query, fields, each);
}

}  // namespace ferrite::store::history
