#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "conductor/client.h"

/// What the types are made of that calls of `conductor::Client` take and give: their members, or
/// the field table by which they are stored. A type that is missing here does not compile in
/// rpc_methods.h.
namespace ferrite::conductor {

BOOST_DESCRIBE_STRUCT(RequestContext, (), (request_id, global_request_id, user, project))
BOOST_DESCRIBE_STRUCT(DriverInfo, (),
                      (name, hosts, enabled, defaults, properties, logical_disk_properties))
BOOST_DESCRIBE_STRUCT(ProvisionRequest, (),
                      (verb, configdrive, clean_steps, deploy_steps, service_steps, rescue_password,
                       disable_ramdisk))
BOOST_DESCRIBE_STRUCT(Heartbeat, (),
                      (callback_url, agent_version, agent_token, agent_verify_ca, agent_status,
                       agent_status_message))
BOOST_DESCRIBE_STRUCT(BootDevice, (), (device, persistent))
BOOST_DESCRIBE_ENUM(TraitChange::Kind, replace, add, remove, clear)
BOOST_DESCRIBE_STRUCT(TraitChange, (), (kind, traits))
BOOST_DESCRIBE_STRUCT(VendorCall, (), (method, http_method, arguments))
BOOST_DESCRIBE_ENUM(VirtualMediaImage::Source, direct, local)
BOOST_DESCRIBE_STRUCT(VirtualMediaImage, (), (device_type, url, source))
BOOST_DESCRIBE_STRUCT(InspectionReport, (), (inventory, plugin_data, discovered))
BOOST_DESCRIBE_STRUCT(Indicator, (), (component, id, read_only, states))

namespace rpc {

/// The field tables of what is stored.
template <class R>
inline constexpr auto kFieldsOf = nullptr;
template <>
inline constexpr auto kFieldsOf<model::Node> = &model::node_fields;
template <>
inline constexpr auto kFieldsOf<model::Port> = &model::port_fields;
template <>
inline constexpr auto kFieldsOf<model::Portgroup> = &model::portgroup_fields;
template <>
inline constexpr auto kFieldsOf<model::VolumeConnector> = &model::volume_connector_fields;
template <>
inline constexpr auto kFieldsOf<model::VolumeTarget> = &model::volume_target_fields;
template <>
inline constexpr auto kFieldsOf<model::Allocation> = &model::allocation_fields;

}  // namespace rpc
}  // namespace ferrite::conductor
