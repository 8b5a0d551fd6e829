#pragma once

#include <string>
#include <vector>

#include "api/cors.h"
#include "api/healthcheck.h"
#include "base/config.h"
#include "daemon/auth_options.h"
#include "daemon/cluster_options.h"
#include "daemon/conductor_options.h"
#include "daemon/hardware_options.h"
#include "daemon/notification_options.h"
#include "daemon/service_options.h"
#include "daemon/web_options.h"
#include "store/store.h"

/// The configuration of ferrited, one struct per section. Parts of the server receive their struct
/// or a smaller one; nobody else reads configuration.
///
///     auto [options, report] = daemon::load_options({"/etc/ferrite/ferrite.conf"});
///     report.throw_errors();
///     serve(options.api);
///
/// Names, types, bounds and help of every option are rows in service_options.cpp,
/// cluster_options.cpp, auth_options.cpp, conductor_options.cpp, hardware_options.cpp and
/// notification_options.cpp.
namespace ferrite::daemon {

struct Options {
    DefaultOptions general;
    RoleOptions roles;
    RpcOptions rpc;
    ApiOptions api;
    DatabaseOptions database;
    MiddlewareOptions middleware;
    api::HealthcheckOptions healthcheck;
    api::CorsOptions cors;
    ServingOptions serving;
    AuthTokenOptions auth_token;
    PolicyOptions policy;
    ConductorOptions conductor;
    DeployOptions deploy;
    AgentOptions agent;
    InspectorOptions inspector;
    InventoryOptions inventory;
    AutoDiscoveryOptions auto_discovery;
    DiskUtilsOptions disk_utils;
    IpmiOptions ipmi;
    RedfishOptions redfish;
    PxeOptions pxe;
    DhcpOptions dhcp;
    FakeOptions fake;
    BootOptions boot;
    NotificationOptions notifications;
    SensorOptions sensor_data;
};

struct LoadedOptions {
    Options options;
    ConfigReport report;
};

/// Every option that does something.
const OptionTable<Options>& option_table();

/// Options of Ironic and its libraries that existing files may hold and that do nothing here.
std::span<const AcceptedSection> accepted_options();

/// Reads the files in order, then the environment; works out `host` and `my_ip`; checks what
/// depends on several options. What is wrong is in the report.
LoadedOptions load_options(const std::vector<std::string>& files);

/// The file to read when the command line names none: /etc/ferrite/ferrite.conf, or else
/// /etc/ironic/ironic.conf, or else none.
std::vector<std::string> default_config_files();

/// The findings of `load_options` for people, a line each, worst first; "no problems" for none.
std::string describe(const ConfigReport& report);

/// What `[database]` says. Throws InvalidValue, without the URL, when connection is no such URL.
store::Store::Options store_settings(const DatabaseOptions& options);

}  // namespace ferrite::daemon
