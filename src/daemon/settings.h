#pragma once

#include <string>

#include "api/keystone_auth.h"
#include "api/options.h"
#include "base/http_server.h"
#include "conductor/services.h"
#include "daemon/options.h"
#include "hardware/agent_inspect.h"
#include "hardware/direct_deploy.h"
#include "hardware/drivers.h"
#include "hardware/fake.h"
#include "hardware/instance_image.h"
#include "hardware/ipmi.h"
#include "hardware/pxe_boot.h"
#include "hardware/redfish.h"
#include "image/image_cache.h"
#include "netboot/boot_service.h"

/// What each part of the server is told, made out of the configuration. The parts know nothing of
/// configuration files; this is the only place that knows both.
namespace ferrite::daemon {

/// Where the machines reach this host: the boot service's address, else `my_ip`.
std::string machines_address(const Options& options);

/// The URL of the API as agents reach it.
std::string agents_api_url(const Options& options);
/// The URL of the boot service as machines reach it, without a slash at the end.
std::string boot_url(const Options& options);

api::ApiOptions api_settings(const Options& options);
api::KeystoneOptions keystone_settings(const Options& options);
/// Everything but the functions of the API.
HttpServer::Options http_settings(const Options& options);
conductor::Options conductor_settings(const Options& options);
hardware::Drivers::Options driver_settings(const Options& options);
hardware::IpmiSettings ipmi_settings(const Options& options);
hardware::RedfishSettings redfish_settings(const Options& options);
hardware::PxeBoot::Options pxe_settings(const Options& options);
hardware::AgentInspect::Options agent_inspect_settings(const Options& options);
hardware::DirectDeploy::Options direct_settings(const Options& options);
hardware::AgentClient::Options agent_settings(const Options& options);
hardware::FakeDelays fake_settings(const Options& options);
image::ImageCache::Options cache_settings(const Options& options);
hardware::InstanceImages::Options image_settings(const Options& options);
/// Throws InvalidValue when the interface has no address or does not exist.
netboot::BootOptions boot_settings(const Options& options);

}  // namespace ferrite::daemon
