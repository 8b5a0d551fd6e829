#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/allocation.h"
#include "model/chassis.h"
#include "model/deploy_template.h"
#include "model/inspection_rule.h"
#include "model/node.h"
#include "model/notification.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/runbook.h"
#include "model/volume.h"

/// What notifications tell of a resource: the fields that the original's versioned objects have
/// (reference: conductor.md section 16.1), taken from the resource's field table, with secrets
/// masked.
namespace ferrite::model {

/// A versioned payload: which fields of a resource it has.
struct PayloadSchema {
    std::string_view object;  ///< In event types: "port".
    std::string_view name;    ///< Of the versioned object.
    std::string_view version;
    std::vector<std::string_view> fields;
};

/// What is told when such a resource is created, changed or deleted.
template <class R>
const PayloadSchema& crud_payload();

/// What is told of a node on other occasions.
const PayloadSchema& node_payload();
const PayloadSchema& node_power_payload();      ///< Wants `to_power` as well.
const PayloadSchema& node_corrected_payload();  ///< Wants `from_power` as well.
/// Wants `event`, `previous_provision_state` and `previous_target_provision_state` as well.
const PayloadSchema& node_provision_payload();

/// The payload of `schema` for a resource; `more` are members that are none of its fields.
template <class R>
JsonObject payload_of(const PayloadSchema& schema, const R& resource, JsonObject more = {});

}  // namespace ferrite::model
