#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/disks.h"
#include "agent/inventory.h"
#include "agent/provisioning_api.h"
#include "base/json.h"
#include "base/task.h"

namespace ferrite::agent {

/// In-band inspection (reference: agent.md section 7.4): tells the service what the machine is,
/// once, before the lookup.
struct InspectionInput {
    JsonObject inventory;
    std::optional<Disk> root_disk;        ///< The one that would be taken without hints.
    std::vector<std::string> collectors;  ///< In order; `default` and `logs` when empty.
    std::string system_logs;              ///< Base64; used by the collector `logs`.
    JsonArray pci_devices;                ///< Used by the collector `pci-devices`.
};

/// The document to post. Collectors that this agent does not have are reported in its `error`.
JsonObject inspection_document(InspectionInput input);

/// Posts the document, five tries for a service that is away, busy or failing. The UUID of the
/// node when it was taken; nothing otherwise. `api` must outlive the task.
Task<std::optional<std::string>> post_inspection(ProvisioningApi* api, JsonObject document);

}  // namespace ferrite::agent
