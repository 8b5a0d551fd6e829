#pragma once

#include <string>

#include "conductor/services.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/volume.h"

/// What belongs to a node and has a row of its own, changed under the node's lock; the functions of
/// the same name in `Client`, whose errors they throw. An update takes the row as the API read it
/// and as it should be, checks it by the state of the node, and stores what differs. Checks and
/// change are one transaction.
namespace ferrite::conductor {

/// Ports (reference: api.md sections 12.4 and 12.5). A port that joins a portgroup takes over its
/// physical network, or must have the same one.
Task<model::Port> create_port(Services* services, model::Port port);
Task<model::Port> update_port(Services* services, model::Port before, model::Port port);
Task<> destroy_port(Services* services, std::string uuid);

/// Portgroups (section 13). A new physical network goes to the member ports as well.
Task<model::Portgroup> update_portgroup(Services* services, model::Portgroup before,
                                        model::Portgroup group);
Task<> destroy_portgroup(Services* services, std::string uuid);

/// Volume connectors and targets (section 15). The node that counts is the one that an update
/// names.
Task<model::VolumeConnector> update_volume_connector(Services* services,
                                                     model::VolumeConnector before,
                                                     model::VolumeConnector connector);
Task<> destroy_volume_connector(Services* services, std::string uuid);
Task<model::VolumeTarget> update_volume_target(Services* services, model::VolumeTarget before,
                                               model::VolumeTarget target);
Task<> destroy_volume_target(Services* services, std::string uuid);

}  // namespace ferrite::conductor
