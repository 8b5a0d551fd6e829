#include "store/history.h"

#include <chrono>

#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::history {

using model::NodeHistory;

namespace {

constexpr std::size_t kLongestText = 65'535;
constexpr std::string_view kCut = " ... [truncated] ... ";

std::string shortened(std::string_view text) {
    if (text.size() <= kLongestText) return std::string(text);
    auto half = (kLongestText - kCut.size()) / 2;
    auto is_inside = [&](std::size_t at) {
        return at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    };
    auto head = half, tail = text.size() - half;
    while (is_inside(head)) --head;
    while (is_inside(tail)) ++tail;
    return std::string(text.substr(0, head)).append(kCut).append(text.substr(tail));
}

std::optional<std::string> given(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

/// The newest row that may go; 0: none. In steps that every database can do.
std::int64_t last_to_go(Sql& db, const std::string& node_uuid, const Retention& retention) {
    std::int64_t newest_surplus = 0;
    Query surplus(db,
                  "SELECT id FROM node_history WHERE node_uuid=? ORDER BY id DESC LIMIT 1 OFFSET "
                  "?");
    surplus.bind(0, std::string_view(node_uuid)).bind(1, retention.entries);
    if (surplus.step()) newest_surplus = surplus.integer(0);
    if (newest_surplus == 0) return 0;

    auto old_enough = (now_seconds() - retention.minimum).time_since_epoch().count();
    std::int64_t last = 0;
    Query batch(db,
                "SELECT id FROM node_history WHERE node_uuid=? AND id<=? AND created_at<=? ORDER "
                "BY id LIMIT ?");
    batch.bind(0, std::string_view(node_uuid)).bind(1, newest_surplus);
    batch.bind(2, old_enough).bind(3, retention.most_at_once);
    while (batch.step()) last = batch.integer(0);
    return last;
}

}  // namespace

void add(Sql& db, const model::Node& node, const Event& event, const Retention& retention) {
    NodeHistory row;
    row.uuid = new_uuid();
    row.created_at = now_seconds();
    row.node_uuid = node.uuid;
    row.conductor = event.conductor;
    row.severity = event.severity;
    row.event_type = event.type;
    row.event = shortened(event.text);
    row.user = given(event.user);
    row.project = given(event.project);
    row.state = node.provision_state;
    row.target_provision_state = node.target_provision_state;
    if (node.provision_updated_at)
        row.duration_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                                   *row.created_at - *node.provision_updated_at)
                                   .count();
    insert_row(db, node_history_table(), row);
    if (retention.most_at_once <= 0) return;
    auto last = last_to_go(db, node.uuid, retention);
    if (last == 0) return;
    Query trim(db, "DELETE FROM node_history WHERE node_uuid=? AND id<=?");
    trim.bind(0, std::string_view(node.uuid)).bind(1, last).run();
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
