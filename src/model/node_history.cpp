#include "model/node_history.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<NodeHistory> kFields[] = {
    // clang-format off
    field("uuid", uuid, &NodeHistory::uuid, since(1, 78), brief, unique),
    field("created_at", timestamp, &NodeHistory::created_at, since(1, 78), brief),
    field("node_uuid", uuid, &NodeHistory::node_uuid, since(1, 78), hidden, indexed),
    field("severity", text, &NodeHistory::severity, since(1, 78), brief),
    field("event", text, &NodeHistory::event, since(1, 78), brief),
    field("event_type", text, &NodeHistory::event_type, since(1, 78)),
    field("conductor", text, &NodeHistory::conductor, since(1, 78)),
    field("user", text, &NodeHistory::user, since(1, 78)),
    field("project", text, &NodeHistory::project, since(1, 113)),
    field("state", text, &NodeHistory::state, since(1, 78)),
    field("target_provision_state", text, &NodeHistory::target_provision_state, since(1, 78)),
    field("duration_seconds", integer, &NodeHistory::duration_seconds, since(1, 115)),
    computed<NodeHistory>("links", list, since(1, 78), brief, unselectable),
    // clang-format on
};

}  // namespace

std::span<const Field<NodeHistory>> node_history_fields() {
    return kFields;
}

}  // namespace ferrite::model
